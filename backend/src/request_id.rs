//! The id by which a response and its log lines are found again.

use actix_web::{
    HttpMessage,
    http::header::{HeaderName, HeaderValue},
};
use uuid::Uuid;

/// The header that bears the id, both ways.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LENGTH: usize = 64;

/// A request's id: the caller's, where it is a sane one, so that it is the same in the logs of both; otherwise the one that
/// tracing-actix-web makes for each request.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id of a request: the same one, however often it is asked for.
    pub fn of(request: &impl HttpMessage) -> Self {
        let callers = request.headers().get(HEADER).filter(|id| is_sane(id.as_bytes()));
        Self(callers.cloned().unwrap_or_else(|| header_value(made_id(request))))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("a sane id is ASCII")
    }

    /// The id as a header's value.
    pub fn into_header_value(self) -> HeaderValue {
        self.0
    }
}

/// The id that tracing-actix-web has made for a request.
pub fn made_id(request: &impl HttpMessage) -> Uuid {
    let made = request.extensions().get::<tracing_actix_web::RequestId>().copied();
    made.expect("startup wraps the App into a TracingLogger, which gives each request an id")
        .into()
}

fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn header_value(id: Uuid) -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    HeaderValue::from_str(id.simple().encode_lower(&mut buffer)).expect("hexadecimal digits are allowed in a header")
}
