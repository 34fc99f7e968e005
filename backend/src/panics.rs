//! A handler that panics costs one request, not a connection or a process.

use std::{future::Future, panic::AssertUnwindSafe};

use actix_web::{
    Error,
    dev::{Service, ServiceRequest, ServiceResponse},
};
use futures_util::FutureExt;

use crate::error;

/// The layer that turns a panic into [`error::Error::Internal`].
pub fn catch<S, B>(
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    // What a panic leaves half done is the request's own, and goes with it.
    let response = AssertUnwindSafe(service.call(request)).catch_unwind();
    async { response.await.unwrap_or_else(|_| Err(error::Error::Internal.into())) }
}
