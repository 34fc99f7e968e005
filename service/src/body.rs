//! Reads the body of a request, within the limits of size and time.

use std::{io, rc::Rc};

use actix_web::{
    HttpRequest,
    error::PayloadError,
    http::header,
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

use crate::{limits::Limits, rejection::Rejection};

/// Reads a request's body, within the limits of the service, or the default ones elsewhere.
///
/// # Errors
///
/// Before any of the body is read: [`Rejection::UnsupportedContentCoding`], and [`Rejection::BodyTooLarge`] where its length
/// is announced. Later [`Rejection::RequestTimeout`], and [`Rejection::MalformedBody`] also when the connection ends too early.
pub async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Rejection> {
    let limits: Rc<Limits> = request.app_data().cloned().unwrap_or_default();
    let max_bytes = limits.max_body_size;
    let codings = request.headers().get_all(header::CONTENT_ENCODING);
    if codings
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(is_encoded)
    {
        return Err(Rejection::UnsupportedContentCoding);
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(Rejection::BodyTooLarge { max_bytes });
    }
    // Not actix-web's `to_bytes_limited`: its allocation for the largest allowed body costs as much as parsing a short one.
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| reject(&error, &limits))?;
        if body.len() + chunk.len() > max_bytes {
            return Err(Rejection::BodyTooLarge { max_bytes });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Returns whether a content coding changes the body.
fn is_encoded(coding: &[u8]) -> bool {
    let coding = coding.trim_ascii();
    !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
}

fn reject(error: &PayloadError, limits: &Limits) -> Rejection {
    match error {
        PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => Rejection::RequestTimeout {
            timeout: limits.read_timeout,
        },
        PayloadError::EncodingCorrupted => Rejection::MalformedBody("send valid chunks".to_owned()),
        _ => Rejection::MalformedBody("it ends too early".to_owned()),
    }
}
