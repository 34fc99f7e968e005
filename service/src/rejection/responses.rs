//! The rejections as responses of an OpenAPI description.

use std::collections::BTreeMap;

use actix_web::{ResponseError, http::StatusCode};
use problem::Problem;
use utoipa::{
    IntoResponses,
    openapi::{ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder},
};

use super::Rejection;

/// The problems with which any request may be rejected.
pub struct AnyProblem;

impl IntoResponses for AnyProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let rejections = [
            Rejection::MalformedHttp,
            Rejection::HeadersTooLarge { max_bytes: 0 },
            Rejection::Internal,
        ];
        let describe = |rejection: Rejection| {
            let status = rejection.status_code();
            (status.as_str().to_owned(), problem_response(status).build().into())
        };
        rejections.into_iter().map(describe).collect()
    }
}

/// Describes the response that carries a problem document of this status.
pub fn problem_response(status: StatusCode) -> ResponseBuilder {
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(status.canonical_reason().unwrap_or_default())
        .header("x-request-id", Header::default())
        .content(Problem::MEDIA_TYPE, problem)
}
