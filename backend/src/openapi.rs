//! `GET /openapi.json`: the description of all routes ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1)), generated from
//! the types and the handlers.

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{HttpResponse, ResponseError, http::header::ContentType};
use api::{InvalidName, Problem};
use utoipa::{
    IntoResponses, OpenApi, PartialSchema,
    openapi::{ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder},
};

use crate::{error::Error, metrics, probes, submissions, version};

/// The description. A problem answer that every route shares is declared by [`AnyProblem`].
#[derive(OpenApi)]
#[openapi(
    info(
        title = "k8s-demo backend",
        description = "Answers submissions, and says which replica of which version did."
    ),
    paths(
        submissions::submit,
        probes::healthz,
        probes::readyz,
        version::version,
        metrics::metrics,
        openapi,
    ),
    components(schemas(Problem))
)]
struct Description;

/// Answers with the description, which is made when it is first asked for.
#[utoipa::path(get, path = api::path::OPENAPI, responses(
    (status = 200, description = "The description of all routes.", content_type = "application/json", body = Object),
    AnyProblem,
))]
pub async fn openapi() -> Result<HttpResponse, Error> {
    static JSON: LazyLock<serde_json::Result<String>> = LazyLock::new(|| Description::openapi().to_json());
    let json = JSON.as_deref().map_err(|error| {
        tracing::error!(%error, "the description cannot be written");
        Error::Internal
    })?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(json))
}

/// The problems that any request may be answered with.
pub struct AnyProblem;

/// The problems that a submission may be answered with besides.
pub struct SubmissionProblem;

impl IntoResponses for AnyProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses([Error::NoRequest, Error::HeadersTooLarge, Error::Internal])
    }
}

impl IntoResponses for SubmissionProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses([
            Error::Malformed(String::new()),
            Error::TooSlow,
            Error::BodyTooLarge,
            Error::UnsupportedMediaType,
            Error::InvalidName(InvalidName::Empty),
        ])
    }
}

fn responses(errors: impl IntoIterator<Item = Error>) -> BTreeMap<String, RefOr<Response>> {
    let describe = |error: Error| (error.status_code().as_str().to_owned(), response(&error).into());
    errors.into_iter().map(describe).collect()
}

fn response(error: &Error) -> Response {
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let response = ResponseBuilder::new()
        .description(error.problem().title)
        .header("x-request-id", Header::default())
        .content(Problem::MEDIA_TYPE, problem);
    match error {
        // The page that keeps what was typed.
        Error::InvalidName(_) => response.content(
            "text/html",
            ContentBuilder::new().schema(Some(String::schema())).build(),
        ),
        _ => response,
    }
    .build()
}
