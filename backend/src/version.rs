//! `GET /version`: which build this replica runs.

use actix_web::{HttpResponse, web};
use api::{BuildInfo, path};

use crate::{openapi::AnyProblem, replica::Replica};

/// Answers with the [`BuildInfo`].
#[utoipa::path(get, path = path::VERSION, responses(
    (status = 200, description = "The build.", body = BuildInfo),
    AnyProblem,
))]
pub async fn version(replica: web::Data<Replica>) -> HttpResponse {
    HttpResponse::Ok().json(&*replica.build)
}
