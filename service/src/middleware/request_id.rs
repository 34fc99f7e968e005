//! The request id: in the response and in its log lines.

use std::str;

use actix_web::{
    HttpMessage,
    http::header::{HeaderName, HeaderValue},
};
use uuid::{Uuid, fmt::Simple};

/// The header with the id, of requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LENGTH: usize = 64;

/// The id of a request: a valid id of the caller, so that both logs have the same, or else the one that tracing-actix-web
/// creates for each request.
#[derive(Debug, Clone)]
pub enum RequestId {
    /// The caller's.
    FromCaller(HeaderValue),
    /// Created by this server: hexadecimal digits.
    Created([u8; Simple::LENGTH]),
}

impl RequestId {
    /// Returns the id of a request, the same one for each call.
    pub fn from_request(request: &impl HttpMessage) -> Self {
        let callers = request.headers().get(HEADER).filter(|id| is_valid(id.as_bytes()));
        callers.map_or_else(
            || Self::from_uuid(created_id(request)),
            |id| Self::FromCaller(id.clone()),
        )
    }

    /// Creates a random id.
    pub fn random() -> Self {
        Self::from_uuid(Uuid::new_v4())
    }

    fn from_uuid(id: Uuid) -> Self {
        let mut digits = [0; Simple::LENGTH];
        id.simple().encode_lower(&mut digits);
        Self::Created(digits)
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::FromCaller(id) => id.as_bytes(),
            Self::Created(digits) => digits,
        }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).expect("a valid id is ASCII, and so are digits")
    }

    /// Returns the id as the value of a header.
    pub fn header_value(&self) -> HeaderValue {
        match self {
            Self::FromCaller(id) => id.clone(),
            Self::Created(digits) => HeaderValue::from_bytes(digits).expect("digits are allowed in a header"),
        }
    }
}

/// Returns the id that tracing-actix-web has created for a request.
pub fn created_id(request: &impl HttpMessage) -> Uuid {
    let created = request.extensions().get::<tracing_actix_web::RequestId>().copied();
    created
        .expect("the server wraps the App into a TracingLogger, which gives each request an id")
        .into()
}

/// Returns whether an id has 1 to 64 ASCII letters, digits, `-`, `_` and `.`.
fn is_valid(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}
