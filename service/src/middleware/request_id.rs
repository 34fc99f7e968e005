//! The id by which a response and its log lines are found again.

use std::str;

use actix_web::{
    HttpMessage,
    http::header::{HeaderName, HeaderValue},
};
use uuid::{Uuid, fmt::Simple};

/// The header with the id, of requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LENGTH: usize = 64;

/// A request's id: the caller's, where it is a sane one, so that it is the same in the logs of both; otherwise the one that
/// tracing-actix-web makes for each request.
#[derive(Debug, Clone)]
pub enum RequestId {
    /// The caller's.
    Callers(HeaderValue),
    /// Made here: hexadecimal digits.
    Made([u8; Simple::LENGTH]),
}

impl RequestId {
    /// The id of a request: the same one, however often it is asked for.
    pub fn of(request: &impl HttpMessage) -> Self {
        let callers = request.headers().get(HEADER).filter(|id| is_sane(id.as_bytes()));
        callers.map_or_else(|| Self::made(made_id(request)), |id| Self::Callers(id.clone()))
    }

    /// A new id.
    pub fn random() -> Self {
        Self::made(Uuid::new_v4())
    }

    fn made(id: Uuid) -> Self {
        let mut digits = [0; Simple::LENGTH];
        id.simple().encode_lower(&mut digits);
        Self::Made(digits)
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Callers(id) => id.as_bytes(),
            Self::Made(digits) => digits,
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).expect("a sane id is ASCII, and so are digits")
    }

    /// The id as a header's value.
    pub fn header_value(&self) -> HeaderValue {
        match self {
            Self::Callers(id) => id.clone(),
            Self::Made(digits) => HeaderValue::from_bytes(digits).expect("digits are allowed in a header"),
        }
    }
}

/// The id that tracing-actix-web has made for a request.
pub fn made_id(request: &impl HttpMessage) -> Uuid {
    let made = request.extensions().get::<tracing_actix_web::RequestId>().copied();
    made.expect("the server wraps the App into a TracingLogger, which gives each request an id")
        .into()
}

fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}
