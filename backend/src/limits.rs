//! How much a client may ask of the server.

use std::time::Duration;

use actix_web::http::header::HeaderMap;

use crate::error::Error;

/// The most bytes of a body. The longest valid name takes 64 × 12 bytes, as surrogate pairs of JSON escapes.
pub const BODY_SIZE: usize = 4 * 1024;

/// The most bytes of all headers' names and values.
pub const HEADERS_SIZE: usize = 16 * 1024;

/// The most headers, which is actix-web's own limit.
pub const HEADERS: usize = 96;

/// The most bytes that are kept of a head that has not ended: the headers, and all else that is in a head.
pub const HEAD_SIZE: usize = HEADERS_SIZE + 4 * 1024;

/// The most time that a request's head may take to arrive, and its body as well.
pub const ARRIVAL_TIME: Duration = Duration::from_secs(5);

/// How long a connection may idle between two requests, where the drain time is not shorter.
pub const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// The most connections. More of them wait in the listener's queue until one ends. An idle one takes about 10 kB.
pub const CONNECTIONS: usize = 8 * 1024;

/// The most connections that wait in the listener's queue. Linux lets no queue be longer unless told so (`somaxconn`).
pub const BACKLOG: i32 = 4096;

/// Refuses too large headers.
///
/// # Errors
///
/// [`Error::HeadersTooLarge`].
pub fn check_headers(headers: &HeaderMap) -> Result<(), Error> {
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > HEADERS_SIZE {
        Err(Error::HeadersTooLarge)
    } else {
        Ok(())
    }
}
