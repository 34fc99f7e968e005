//! `GET /healthz` and `GET /readyz`, for Kubernetes' probes. Two questions: should the container be restarted, and
//! should the pod get traffic?

use actix_web::{HttpResponse, web};
use api::path;

use crate::{openapi::AnyProblem, replica::Replica};

/// Answers 200 while the process lives, also while it drains: restarting it then would lose what is in flight.
#[utoipa::path(get, path = path::HEALTHZ, responses(
    (status = 200, description = "The process lives.", body = String),
    AnyProblem,
))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type(mime::TEXT_PLAIN_UTF_8).body("alive\n")
}

/// Answers 200 while the replica wants traffic, and 503 while it drains.
#[utoipa::path(get, path = path::READYZ, responses(
    (status = 200, description = "The replica wants traffic.", body = String),
    (status = 503, description = "The replica drains.", body = String),
    AnyProblem,
))]
pub async fn readyz(replica: web::Data<Replica>) -> HttpResponse {
    if replica.drain.is_draining() {
        HttpResponse::ServiceUnavailable()
            .content_type(mime::TEXT_PLAIN_UTF_8)
            .body("draining\n")
    } else {
        HttpResponse::Ok().content_type(mime::TEXT_PLAIN_UTF_8).body("ready\n")
    }
}
