//! A handler that panics fails one request, not its connection or the process.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;

use crate::rejection::Rejection;

/// Turns a panic into [`Rejection::Internal`]. The panic hook of [`logging`](crate::logging) has logged it already.
pub fn catch<T, E: From<Rejection>>(
    response: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, E>> {
    // State that a panic leaves inconsistent belongs to the request, and is dropped with it.
    let caught = AssertUnwindSafe(response).catch_unwind();
    async { caught.await.unwrap_or_else(|_| Err(Rejection::Internal.into())) }
}
