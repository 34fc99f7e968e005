//! Reads the body of a request, within the limits of size and time.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

use actix_web::{
    HttpRequest,
    http::header,
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

use crate::{connection::Progress, rejection::Rejection};

/// Reads a request's body. Await it in the handler, not in a spawned task: only the connection wakes it.
///
/// # Errors
///
/// [`Rejection::BodyTooLarge`], before any of the body is read where its length is announced;
/// [`Rejection::RequestTimeout`]; [`Rejection::MalformedBody`] when the connection ends too early.
pub async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes, Rejection> {
    let progress = Progress::of(request);
    let limits = progress.limits();
    let max_bytes = limits.max_body_size;
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(Rejection::BodyTooLarge { max_bytes });
    }
    // The body arrives on the request's connection, which polls the request when more of it has arrived and when it is late.
    // A waker for the payload as well would poll each request once more than needed.
    let mut context = Context::from_waker(Waker::noop());
    let mut body = pin!(collect(payload, max_bytes));
    poll_fn(|_| match body.as_mut().poll(&mut context) {
        Poll::Pending if progress.is_body_late() => Poll::Ready(Err(Rejection::RequestTimeout {
            timeout: limits.read_timeout,
        })),
        outcome => outcome,
    })
    .await
}

/// Like actix-web's `to_bytes_limited`, without its allocation for the largest allowed body, which costs as much as parsing a
/// short one.
async fn collect(mut payload: Payload, max_bytes: usize) -> Result<Bytes, Rejection> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Rejection::MalformedBody(error.to_string()))?;
        if body.len() + chunk.len() > max_bytes {
            return Err(Rejection::BodyTooLarge { max_bytes });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
