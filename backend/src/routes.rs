//! Which handler answers what. All of it, on one screen.

use actix_web::{
    FromRequest, Handler, Resource, Responder,
    web::{self, ServiceConfig},
};
use api::path;

use crate::{error::Error, metrics, openapi, probes, submissions, version};

/// All routes.
pub fn configure(app: &mut ServiceConfig) {
    app.service(post(path::SUBMISSIONS, submissions::submit))
        .service(get(path::HEALTHZ, probes::healthz))
        .service(get(path::READYZ, probes::readyz))
        .service(get(path::METRICS, metrics::metrics))
        .service(get(path::VERSION, version::version))
        .service(get(path::OPENAPI, openapi::openapi))
        .default_service(web::to(not_found));
}

/// Answers GET, and HEAD as RFC 9110 wants it wherever there is GET.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(async || method_not_allowed("GET, HEAD")))
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(async || method_not_allowed("POST")))
}

fn method_not_allowed(allow: &'static str) -> Result<&'static str, Error> {
    Err(Error::MethodNotAllowed { allow })
}

async fn not_found() -> Result<&'static str, Error> {
    Err(Error::NotFound)
}
