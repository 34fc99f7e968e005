//! `GET /openapi.json`: the description of all routes ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1)), generated from
//! the types and the handlers.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header::ContentType};
use api::Problem;
use service::{Rejection, admin, openapi::AnyProblem};
use utoipa::OpenApi;

use crate::routes::{submissions, version};

/// The description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "k8s-demo backend",
        description = "Answers submissions, and says which replica of which version did."
    ),
    paths(
        submissions::submit,
        admin::healthz,
        admin::readyz,
        version::version,
        admin::metrics,
        openapi,
    ),
    components(schemas(Problem))
)]
struct Description;

/// Answers with the description, which is generated at the first request.
#[utoipa::path(get, path = api::path::OPENAPI, responses(
    (status = 200, description = "The description of all routes.", content_type = "application/json", body = Object),
    AnyProblem,
))]
pub async fn openapi() -> Result<HttpResponse, Rejection> {
    static JSON: LazyLock<serde_json::Result<String>> = LazyLock::new(|| Description::openapi().to_json());
    let json = JSON.as_deref().map_err(|error| {
        tracing::error!(%error, "cannot encode the OpenAPI description");
        Rejection::Internal
    })?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(json))
}
