//! `GET /healthz` and `GET /readyz`, for Kubernetes' probes. Two questions: should the container be restarted, and
//! should the pod get traffic?

use actix_web::{HttpResponse, web};

use crate::replica::Replica;

/// Answers 200 while the process lives, also while it drains: restarting it then would lose what is in flight.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type(mime::TEXT_PLAIN_UTF_8).body("alive\n")
}

/// Answers 200 while the replica wants traffic, and 503 while it drains.
pub async fn readyz(replica: web::Data<Replica>) -> HttpResponse {
    if replica.drain.is_draining() {
        HttpResponse::ServiceUnavailable()
            .content_type(mime::TEXT_PLAIN_UTF_8)
            .body("draining\n")
    } else {
        HttpResponse::Ok().content_type(mime::TEXT_PLAIN_UTF_8).body("ready\n")
    }
}
