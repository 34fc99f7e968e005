//! Errors that are described as plain text, as by actix-web's extractors, become problem documents.

use actix_web::{dev::ServiceResponse, http::header};

use crate::rejection::{Rejection, problem, problem_response};

/// Replaces the response to an error by a problem document where it is plain text, as `ResponseError` writes it by default.
pub fn replace_text(response: ServiceResponse) -> ServiceResponse {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_text = content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    let Some(error) = response.response().error().filter(|_| is_text) else {
        return response;
    };
    let status = response.status();
    let detail = if status.is_server_error() {
        tracing::error!(%error, "a handler failed");
        Rejection::Internal.to_string()
    } else {
        format!("The request is invalid: {error}")
    };
    let problem = problem_response(&problem(status, detail));
    response.into_response(problem)
}
