//! How much a client may ask of the server.

use std::{future::Future, time::Duration};

use actix_web::{
    Error,
    dev::{Service, ServiceRequest, ServiceResponse},
    http::header::HeaderMap,
};

use crate::error;

/// The most bytes of a body. The longest valid name takes 64 × 12 bytes, as surrogate pairs of JSON escapes.
pub const BODY_SIZE: usize = 4 * 1024;

/// The most bytes of all headers. Above 128 KiB actix-web refuses them by itself.
pub const HEADERS_SIZE: usize = 16 * 1024;

/// The most time that a request's head may take to arrive, and its body as well.
pub const ARRIVAL_TIME: Duration = Duration::from_secs(5);

/// How long a connection may idle between two requests, where the drain time is not shorter.
pub const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// The most connections of each worker thread. More of them wait in the listener's queue until one ends.
pub const CONNECTIONS: usize = 8 * 1024;

/// The layer that refuses requests with too large headers.
pub fn headers<S, B>(
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let response = (size(request.headers()) <= HEADERS_SIZE).then(|| service.call(request));
    async {
        match response {
            Some(response) => response.await,
            None => Err(error::Error::HeadersTooLarge.into()),
        }
    }
}

fn size(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}
