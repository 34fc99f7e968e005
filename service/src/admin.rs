//! The endpoints for Kubernetes and Prometheus: `/healthz`, `/readyz` and `/metrics`.
//!
//! Liveness and readiness are different questions: should the container be restarted, and should the pod get traffic?

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, ServiceConfig},
};

use crate::{health::Health, metrics::Metrics, rejection::Rejection, routes::get, shutdown::Drain};

/// `GET`: 200 while the process is alive. Kubernetes restarts the container when it fails (liveness).
pub const HEALTHZ: &str = "/healthz";

/// `GET`: 200 while the server wants traffic, 503 while it drains. Kubernetes removes the pod from its Services when it
/// fails (readiness).
pub const READYZ: &str = "/readyz";

/// `GET`: the metrics in the Prometheus text format.
pub const METRICS: &str = "/metrics";

/// Adds the endpoints to an app that has [`Drain`], [`Health`] and [`Metrics`] as its data.
pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(get(HEALTHZ, healthz))
        .service(get(READYZ, readyz))
        .service(get(METRICS, metrics));
}

/// Returns whether a route is one of these, which are requested every few seconds and would fill the log.
pub(crate) fn is_admin(route: &str) -> bool {
    [HEALTHZ, READYZ, METRICS].contains(&route)
}

/// Responds with 200 while the application is alive, and 503 otherwise. It stays alive while it drains: a restart would lose the
/// requests in flight.
#[cfg_attr(feature = "openapi", utoipa::path(get, path = HEALTHZ, responses(
    (status = 200, description = "The process is alive.", body = String),
    (status = 503, description = "The process needs a restart.", body = String),
    crate::rejection::responses::AnyProblem,
)))]
pub(crate) async fn healthz(health: web::Data<Health>) -> HttpResponse {
    if health.is_live() {
        text(StatusCode::OK, "alive\n")
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "not alive\n")
    }
}

/// Responds with 200 while the server wants traffic, and 503 while it drains or the application is not ready.
#[cfg_attr(feature = "openapi", utoipa::path(get, path = READYZ, responses(
    (status = 200, description = "The server wants traffic.", body = String),
    (status = 503, description = "The server is draining or not ready.", body = String),
    crate::rejection::responses::AnyProblem,
)))]
pub(crate) async fn readyz(drain: web::Data<Drain>, health: web::Data<Health>) -> HttpResponse {
    if drain.is_draining() {
        text(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else if health.is_ready() {
        text(StatusCode::OK, "ready\n")
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

fn text(status: StatusCode, body: &'static str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(mime::TEXT_PLAIN_UTF_8)
        .body(body)
}

/// Returns all metrics.
#[cfg_attr(feature = "openapi", utoipa::path(get, path = METRICS, responses(
    (status = 200, description = "The metrics in the Prometheus text format.", body = String),
    crate::rejection::responses::AnyProblem,
)))]
pub(crate) async fn metrics(metrics: web::Data<Metrics>, drain: web::Data<Drain>) -> Result<HttpResponse, Rejection> {
    let text = metrics.gather(drain.is_draining()).map_err(|error| {
        tracing::error!(%error, "cannot encode the metrics");
        Rejection::Internal
    })?;
    Ok(HttpResponse::Ok().content_type(prometheus::TEXT_FORMAT).body(text))
}
