//! The trace context of a request ([W3C Trace Context](https://www.w3.org/TR/trace-context/)).

use std::{fmt, str};

use actix_web::{
    HttpMessage,
    http::header::{HeaderName, HeaderValue},
};
use uuid::Uuid;

use super::request_id::created_id;

/// The header with the trace, of requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("traceparent");

/// The caller's trace, and this server's span in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: String,
    span_id: String,
    flags: u8,
}

/// The flags that the standard defines: sampled, and random trace id. Any other bit is sent as zero (section 3.2.2.5).
const FLAGS: u8 = 0b11;

impl TraceContext {
    /// Returns the caller's trace, if it sent a valid one, the same for each call.
    pub fn from_request(request: &impl HttpMessage) -> Option<Self> {
        let mut values = request.headers().get_all(HEADER);
        let (first, None) = (values.next()?, values.next()) else {
            return None;
        };
        Self::parse(first.to_str().ok()?, created_id(request))
    }

    /// Parses `version-traceid-parentid-flags` (section 3.2). The id of this server's span is the half of `id` that is never
    /// zero (RFC 9562, section 5.4).
    fn parse(traceparent: &str, id: Uuid) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let version = parts.next().filter(|part| is_hex(part, 2) && *part != "ff")?;
        let trace_id = parts.next().filter(|part| is_hex(part, 32) && !is_zero(part))?;
        parts.next().filter(|part| is_hex(part, 16) && !is_zero(part))?;
        let flags = parts.next().filter(|part| is_hex(part, 2))?;
        let flags = u8::from_str_radix(flags, 16).ok()? & FLAGS;
        // Only a later version may have more parts.
        if version == "00" && parts.next().is_some() {
            return None;
        }
        let (_, span_id) = id.as_u64_pair();
        Some(Self {
            trace_id: trace_id.to_owned(),
            span_id: format!("{span_id:016x}"),
            flags,
        })
    }

    /// Returns the context of an exported span, so that the log and the response have the same ids.
    #[cfg(feature = "otlp")]
    pub fn exported(span: &opentelemetry::trace::SpanContext) -> Self {
        Self {
            trace_id: span.trace_id().to_string(),
            span_id: span.span_id().to_string(),
            flags: span.trace_flags().to_u8(),
        }
    }

    /// Returns the id that all spans of the trace share.
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// Returns the id of this server's span.
    pub fn span_id(&self) -> &str {
        &self.span_id
    }

    /// Returns the value of the response's header: the caller's trace, and the id of this server's span.
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("hexadecimal digits and dashes are allowed in a header")
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{}-{}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

fn is_hex(part: &str, length: usize) -> bool {
    part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(part: &str) -> bool {
    part.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_valid_trace_is_continued_by_a_new_span() {
        let trace = TraceContext::parse(&format!("00-{TRACE}-00f067aa0ba902b7-01"), Uuid::new_v4()).unwrap();
        assert_eq!(trace.trace_id(), TRACE);
        assert_ne!(trace.span_id(), "00f067aa0ba902b7");
        assert_eq!(trace.to_string(), format!("00-{TRACE}-{}-01", trace.span_id()));
    }

    #[test]
    fn only_the_flags_that_the_standard_defines_are_passed_on() {
        for (received, sent) in [("00", "00"), ("01", "01"), ("03", "03"), ("ff", "03"), ("fc", "00")] {
            let trace =
                TraceContext::parse(&format!("00-{TRACE}-00f067aa0ba902b7-{received}"), Uuid::new_v4()).unwrap();
            assert!(trace.to_string().ends_with(&format!("-{sent}")), "{received}: {trace}");
        }
    }

    #[test]
    fn a_later_version_may_have_more_parts() {
        assert!(TraceContext::parse(&format!("01-{TRACE}-00f067aa0ba902b7-01-more"), Uuid::new_v4()).is_some());
    }

    #[test]
    fn an_invalid_trace_is_ignored() {
        let zero = "0".repeat(32);
        for invalid in [
            String::new(),
            "00".to_owned(),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{zero}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-00f067aa0ba902b7-0"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("00-{TRACE}"),
        ] {
            assert_eq!(TraceContext::parse(&invalid, Uuid::new_v4()), None, "{invalid}");
        }
    }
}
