//! The id by which a response and its log lines are found again.

use actix_web::{
    HttpMessage,
    http::header::{HeaderName, HeaderValue},
};
use uuid::Uuid;

/// The header that bears the id, both ways.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LENGTH: usize = 64;

/// A request's id: the caller's, where it is a sane one, so that it is the same in the logs of both; otherwise a new one.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id of a request.
    pub fn of(request: &impl HttpMessage) -> Self {
        let callers = request.headers().get(HEADER);
        Self(callers.filter(|id| is_sane(id.as_bytes())).cloned().unwrap_or_else(new))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("a sane id is ASCII")
    }

    /// The id as a header's value.
    pub fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn new() -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let id = Uuid::new_v4().simple().encode_lower(&mut buffer);
    HeaderValue::from_str(id).expect("hexadecimal digits are allowed in a header")
}
