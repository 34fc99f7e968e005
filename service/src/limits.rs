//! The limits of requests and connections.

use std::time::Duration;

/// The most headers of a request. actix-http fixes this number.
pub const MAX_HEADERS: usize = 96;

/// How much a client may demand of the server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most bytes of a request's body.
    pub max_body_size: usize,
    /// The most bytes of all headers' names and values.
    pub max_headers_size: usize,
    /// The most bytes of a request line's target. RFC 9112, section 3, asks for 8,000.
    pub max_target_size: usize,
    /// How long a request's head may take to arrive, and then its body.
    pub read_timeout: Duration,
    /// How long a client may leave a response unread.
    pub write_timeout: Duration,
    /// How long a connection may be idle between two requests. A drain time that is shorter loses requests.
    pub keep_alive: Duration,
    /// The most open connections. Further ones wait in the accept backlog.
    ///
    /// A connection takes 7 kB while it is idle. The most that a client can make it take is 90 kB: a head as large as these
    /// limits allow, or a response that nobody reads, and full buffers of the kernel, which count as memory of the container.
    pub max_connections: usize,
}

impl Limits {
    /// The most bytes of a head: the headers, the target and the separators.
    pub(crate) fn max_head_size(&self) -> usize {
        self.max_headers_size + self.max_target_size
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_size: 4 * 1024,
            max_headers_size: 16 * 1024,
            max_target_size: 8 * 1024,
            read_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(5),
            max_connections: 2 * 1024,
        }
    }
}
