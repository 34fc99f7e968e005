//! Resources that reject what they do not support with a problem document.

use actix_web::{FromRequest, Handler, Resource, Responder, web};

use crate::rejection::Rejection;

/// Creates a resource that supports GET, and HEAD as RFC 9110 demands wherever GET is supported.
pub fn get<F, Args>(path: &str, handler: F) -> Resource
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

/// Creates a resource that supports POST.
pub fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(async || method_not_allowed("POST")))
}

/// Rejects a request that matches no route.
pub(crate) async fn not_found() -> Result<&'static str, Rejection> {
    Err(Rejection::NotFound)
}

fn method_not_allowed(allow: &'static str) -> Result<&'static str, Rejection> {
    Err(Rejection::MethodNotAllowed { allow })
}
