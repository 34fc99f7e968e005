//! The errors of this application, and the problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) for each.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use api::{Fault, FaultRequest, InvalidName};
use service::{
    Rejection,
    rejection::{problem, problem_response},
};

/// Why a request fails. The text is the problem's `detail`: it says how to correct the request.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request violates the protocol or a limit.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The body is neither JSON nor a form.
    #[error("Send the submission as application/json or application/x-www-form-urlencoded.")]
    UnsupportedMediaType,
    /// The body of a fault is not JSON.
    #[error("Send the fault as application/json.")]
    NotJson,
    /// A fault is for another pod.
    #[error("This is pod {this}. Try again until the requested pod responds.")]
    OtherPod {
        /// The pod that responds.
        this: String,
    },
    /// A fault lasts too long, or too short to have an effect.
    #[error("Set seconds to a number from {} to {} for this fault.", .0.min_seconds(), FaultRequest::MAX_SECONDS)]
    InvalidSeconds(Fault),
    /// The submission is well formed, but its name is invalid.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Rejected(rejection) => rejection.status_code(),
            Self::UnsupportedMediaType | Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::OtherPod { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::InvalidSeconds(_) | Self::InvalidName(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let problem = problem(self.status_code(), self.to_string());
        match self {
            Self::Rejected(rejection) => rejection.error_response(),
            Self::UnsupportedMediaType | Self::NotJson | Self::OtherPod { .. } => problem_response(&problem),
            Self::InvalidSeconds(_) => problem_response(&problem.with_error("seconds", self.to_string())),
            Self::InvalidName(error) => problem_response(&problem.with_error("name", error.to_string())),
        }
    }
}
