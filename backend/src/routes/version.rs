//! `GET /version`: the build that this replica runs.

use actix_web::{HttpResponse, web};
use api::{BuildInfo, path};
use service::openapi::AnyProblem;

use crate::state::AppState;

/// Returns the [`BuildInfo`].
#[utoipa::path(get, path = path::VERSION, responses(
    (status = 200, description = "The build.", body = BuildInfo),
    AnyProblem,
))]
pub async fn version(state: web::Data<AppState>) -> HttpResponse {
    HttpResponse::Ok().json(&*state.build)
}
