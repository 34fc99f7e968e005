//! The errors of the protocol, and the problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) for each.

#[cfg(feature = "openapi")]
pub(crate) mod responses;

use std::time::Duration;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use problem::Problem;

/// Why the server rejects a request, whatever the application does. The text is the problem's `detail`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The bytes are not HTTP, and reach no handler.
    #[error("Malformed HTTP: send an HTTP/1.1 request, without TLS.")]
    MalformedHttp,
    /// The target of the request line is too long. Such a request reaches no handler.
    #[error("The target is too long: send at most {max_bytes} bytes.")]
    UriTooLong {
        /// The most bytes of a target.
        max_bytes: usize,
    },
    /// The `Host` header is invalid. Such a request reaches no handler.
    #[error("The Host header is invalid: send a name or an address, and optionally a port.")]
    InvalidHost,
    /// The body is compressed.
    #[error("Content codings are not supported: send the body without Content-Encoding.")]
    UnsupportedContentCoding,
    /// The body is not encoded as its media type demands, or ended early.
    #[error("The body is malformed: {0}")]
    MalformedBody(String),
    /// No route has this path.
    #[error("There is nothing at this path.")]
    NotFound,
    /// The route does not support this method.
    #[error("This path supports {allow} only.")]
    MethodNotAllowed {
        /// The value of the `Allow` header.
        allow: String,
    },
    /// The head or the body did not arrive in time.
    #[error("The request took too long to arrive: send all of it within {} s.", .timeout.as_secs())]
    RequestTimeout {
        /// How long it may take.
        timeout: Duration,
    },
    /// The body is too large.
    #[error("The body is too large: send at most {max_bytes} bytes.")]
    BodyTooLarge {
        /// The most bytes of a body.
        max_bytes: usize,
    },
    /// The headers are too large.
    #[error("The headers are too large: send at most {max_bytes} bytes.")]
    HeadersTooLarge {
        /// The most bytes of all headers.
        max_bytes: usize,
    },
    /// There are too many headers. Such a request reaches no handler.
    #[error("There are too many headers: send at most {max}.")]
    TooManyHeaders {
        /// The most headers.
        max: usize,
    },
    /// A fault of this server, logged where it happened.
    #[error("The server failed to respond. Try again.")]
    Internal,
}

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::MalformedHttp | Self::InvalidHost | Self::MalformedBody(_) => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::UnsupportedContentCoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::HeadersTooLarge { .. } | Self::TooManyHeaders { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = problem_response(&problem(self.status_code(), self.to_string()));
        let (name, value) = match self {
            Self::MethodNotAllowed { allow } => (header::ALLOW, HeaderValue::from_str(allow)),
            // The coding is unsupported, not the media type (RFC 9110, section 15.5.16).
            Self::UnsupportedContentCoding => (header::ACCEPT_ENCODING, HeaderValue::from_str("identity")),
            _ => return response,
        };
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Creates a problem document whose title is the reason phrase of the status.
pub fn problem(status: StatusCode, detail: impl Into<String>) -> Problem {
    Problem::new(status.as_u16(), status.canonical_reason().unwrap_or_default(), detail)
}

/// Creates the response that carries a problem document.
pub fn problem_response(problem: &Problem) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type(Problem::MEDIA_TYPE)
        .json(problem)
}
