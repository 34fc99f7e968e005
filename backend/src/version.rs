//! `GET /version`: which build this replica runs.

use actix_web::{HttpResponse, web};

use crate::replica::Replica;

/// Answers with the [`BuildInfo`](api::BuildInfo).
pub async fn version(replica: web::Data<Replica>) -> HttpResponse {
    HttpResponse::Ok().json(&*replica.build)
}
