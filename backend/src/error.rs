//! Everything that can be wrong with a request, and the problem document ([RFC 9457]) that says so.
//!
//! [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use api::{InvalidName, Problem};

use crate::limits;

/// What is wrong with a request. Its text is the problem's `detail`: it tells the client what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What arrives is no request, and never reaches a handler.
    #[error("This is no valid HTTP request: send one of HTTP/1.1, without TLS.")]
    NoRequest,
    /// The body is not what its media type promises.
    #[error("The body is malformed: {0}")]
    Malformed(String),
    /// No handler answers on this path.
    #[error("There is nothing at this path.")]
    NotFound,
    /// A handler answers on this path, but not to this method.
    #[error("This path answers to {allow} only.")]
    MethodNotAllowed {
        /// The value of the `Allow` header.
        allow: &'static str,
    },
    /// The body did not arrive in time.
    #[error("The request took too long to arrive: send all of it within {} s.", limits::ARRIVAL_TIME.as_secs())]
    TooSlow,
    /// The body is longer than any valid submission.
    #[error("The body is too large: send at most {} bytes.", limits::BODY_SIZE)]
    BodyTooLarge,
    /// The headers are longer than any sane client's.
    #[error("The headers are too large: send at most {} bytes.", limits::HEADERS_SIZE)]
    HeadersTooLarge,
    /// There are more headers than any sane client's, which never reach a handler.
    #[error("There are too many headers: send at most {}.", limits::HEADERS)]
    TooManyHeaders,
    /// The body is neither JSON nor a form.
    #[error("Send the submission as application/json or application/x-www-form-urlencoded.")]
    UnsupportedMediaType,
    /// The submission is well formed, but its name is not a valid one.
    #[error("{0}")]
    InvalidName(#[from] InvalidName),
    /// A fault of this server, logged where it happened.
    #[error("The server failed to answer. Try again.")]
    Internal,
}

impl Error {
    /// The problem document.
    pub fn problem(&self) -> Problem {
        let status = self.status_code();
        let title = status.canonical_reason().unwrap_or_default();
        let problem = Problem::new(status.as_u16(), title, self.to_string());
        match self {
            Self::InvalidName(refusal) => problem.with_error("name", refusal.to_string()),
            _ => problem,
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoRequest | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadersTooLarge | Self::TooManyHeaders => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidName(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::MethodNotAllowed { allow } = self {
            response.insert_header((header::ALLOW, *allow));
        }
        response.content_type(Problem::MEDIA_TYPE).json(self.problem())
    }
}
