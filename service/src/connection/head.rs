//! The checks on a request's head that actix-http does not make.

use std::{mem::MaybeUninit, net::Ipv6Addr, str};

use crate::{
    limits::{Limits, MAX_HEADERS},
    rejection::Rejection,
};

/// Checks the head at the start of `bytes`, and clears its upgrade offers. Returns whether the head is complete.
///
/// No upgrade is supported, and a server ignores the offers that it does not accept (RFC 9110, section 7.8). actix-http
/// reads them as a request to close the connection, and one of WebSocket as a body without end, whatever the length.
///
/// # Errors
///
/// The rejection to respond with before the connection closes.
pub fn check(bytes: &mut [u8], limits: &Limits) -> Result<bool, Rejection> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    let length = match request.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < limits.max_head_size() => return Ok(false),
        Ok(httparse::Status::Partial) => return Err(too_large(&request, limits)),
        Err(httparse::Error::TooManyHeaders) => return Err(Rejection::TooManyHeaders { max: MAX_HEADERS }),
        Err(_) => return Err(Rejection::MalformedHttp),
    };
    if request.path.is_some_and(|target| target.len() > limits.max_target_size) {
        return Err(target_too_long(limits));
    }
    let mut may_offer_upgrade = false;
    for header in request.headers {
        if header.name.eq_ignore_ascii_case("host") && !is_host(header.value) {
            return Err(Rejection::InvalidHost);
        }
        // nginx's usual lines for web sockets send `Connection: upgrade` with every request, `Upgrade` or not.
        may_offer_upgrade |= ["connection", "upgrade"]
            .iter()
            .any(|name| header.name.eq_ignore_ascii_case(name));
    }
    if may_offer_upgrade {
        clear_upgrade_offers(&mut bytes[..length]);
    }
    Ok(true)
}

/// Returns why an incomplete head is too large.
fn too_large(request: &httparse::Request<'_, '_>, limits: &Limits) -> Rejection {
    match (request.method, request.path) {
        (Some(_), Some(_)) => Rejection::HeadersTooLarge {
            max_bytes: limits.max_headers_size,
        },
        (Some(_), None) => target_too_long(limits),
        // No method is that long.
        (None, _) => Rejection::MalformedHttp,
    }
}

fn target_too_long(limits: &Limits) -> Rejection {
    Rejection::UriTooLong {
        max_bytes: limits.max_target_size,
    }
}

/// Blanks the value of `Upgrade`, and `upgrade` among the options of `Connection`.
fn clear_upgrade_offers(head: &mut [u8]) {
    for line in head.split_mut(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at_mut(colon);
        let value = &mut value[1..];
        if name.eq_ignore_ascii_case(b"upgrade") {
            blank(value);
        } else if name.eq_ignore_ascii_case(b"connection") {
            value
                .split_mut(|byte| *byte == b',')
                .filter(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
                .for_each(blank);
        }
    }
}

/// Overwrites all but the carriage return at the end of a line.
fn blank(value: &mut [u8]) {
    for byte in value.iter_mut().filter(|byte| **byte != b'\r') {
        *byte = b' ';
    }
}

/// Whether a value is `uri-host [ ":" port ]` (RFC 9112, section 3.2; RFC 3986, section 3.2.2), or empty.
fn is_host(value: &[u8]) -> bool {
    let Ok(value) = str::from_utf8(value) else {
        return false;
    };
    let (is_valid, port) = if let Some(rest) = value.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        (address.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let (name, port) = value.split_at(value.find(':').unwrap_or(value.len()));
        (is_registered_name(name), port)
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    is_valid && (port.is_empty() || port.starts_with(':')) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is a `reg-name`, which includes IPv4 addresses. Percent-encoding is accepted without decoding it.
fn is_registered_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte))
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;

    use super::*;

    fn checked(head: &str) -> Result<String, u16> {
        let mut bytes = head.as_bytes().to_vec();
        check(&mut bytes, &Limits::default()).map_err(|rejection| rejection.status_code().as_u16())?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn upgrade_offers_are_cleared_and_nothing_else() {
        let head = "POST / HTTP/1.1\r\nhost: a\r\nConnection: Upgrade, HTTP2-Settings,upgrade\r\nUPGRADE: h2c\r\n\r\nconnection: upgrade";
        let cleared = "POST / HTTP/1.1\r\nhost: a\r\nConnection:        , HTTP2-Settings,       \r\nUPGRADE:    \r\n\r\nconnection: upgrade";
        assert_eq!(checked(head).as_deref(), Ok(cleared));
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_an_optional_port() {
        for host in [
            "",
            "a",
            "a:",
            "a:80",
            "a.b-c_d",
            "127.0.0.1:8000",
            "[::1]",
            "[::1]:80",
            "%61",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "u@a", "a b", "[::1", "a:x", "<script>", "[a]", "[::1]80", "::1", "a/b", "a?b", "ä", "a:1:2",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn a_head_that_is_too_large_is_rejected_complete_or_not() {
        let target = "/".repeat(Limits::default().max_target_size + 1);
        assert_eq!(checked(&format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n")), Err(414));
        let target = "/".repeat(Limits::default().max_head_size());
        assert_eq!(checked(&format!("GET {target}")), Err(414));
        let header = "x".repeat(Limits::default().max_head_size());
        assert_eq!(checked(&format!("GET / HTTP/1.1\r\nx: {header}")), Err(431));
        assert_eq!(
            checked("GET / HTTP/1.1\r\nx: x"),
            Ok("GET / HTTP/1.1\r\nx: x".to_owned())
        );
    }
}
