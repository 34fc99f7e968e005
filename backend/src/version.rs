//! `GET /version`: which build this replica runs.

use actix_web::{HttpResponse, web};
use api::BuildInfo;

/// Answers with the [`BuildInfo`].
pub async fn version(build: web::Data<BuildInfo>) -> HttpResponse {
    HttpResponse::Ok().json(&**build)
}
