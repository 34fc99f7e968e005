//! A handler that panics costs one request, not a connection or a process.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;

use crate::error::Error;

/// Turns a panic into [`Error::Internal`]. `log` has logged it by then.
pub fn catch<T, E: From<Error>>(response: impl Future<Output = Result<T, E>>) -> impl Future<Output = Result<T, E>> {
    // What a panic leaves half done is the request's own, and goes with it.
    let caught = AssertUnwindSafe(response).catch_unwind();
    async { caught.await.unwrap_or_else(|_| Err(Error::Internal.into())) }
}
