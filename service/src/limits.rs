//! The limits of requests and connections.

use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The most headers of a request. actix-http fixes this number.
pub const MAX_HEADERS: usize = 96;

/// The files that the process opens besides connections.
const OTHER_FILES: u64 = 64;

/// How much a client may demand of the server.
///
/// ```
/// let mut limits = actix_kube_service::Limits::default();
/// limits.max_body_size = 1024 * 1024;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes of a request's body.
    pub max_body_size: usize,
    /// The most bytes of all headers' names and values.
    pub max_headers_size: usize,
    /// The most bytes of a request line's target. RFC 9112, section 3, asks for 8,000.
    pub max_target_size: usize,
    /// How long a request's head may take to arrive, and then its body.
    pub read_timeout: Duration,
    /// How long a client may leave a response unread, and how long a response to a client that has closed its side may take.
    pub write_timeout: Duration,
    /// How long a connection may be idle. A client that keeps connections, such as a load balancer, has to be the first to
    /// close: a request that is sent while the server closes is lost. The default is above the 600 s of the most patient ones.
    pub keep_alive: Duration,
    /// The most open connections. Above it, the one that has been idle longest is closed. If none is idle, new ones wait in
    /// the accept backlog.
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

    /// Returns the most connections for which the process may open files, after raising its limit as far as it may.
    pub(crate) fn affordable_connections(&self) -> usize {
        let wanted = self.max_connections as u64 + OTHER_FILES;
        let allowed = match getrlimit(Resource::RLIMIT_NOFILE) {
            Ok((soft, hard)) if soft < wanted => {
                let raised = wanted.min(hard);
                setrlimit(Resource::RLIMIT_NOFILE, raised, hard).map_or(soft, |()| raised)
            }
            _ => return self.max_connections,
        };
        let affordable = allowed.min(wanted).saturating_sub(OTHER_FILES) as usize;
        if affordable < self.max_connections {
            tracing::warn!(
                connections = affordable,
                "the limit of open files allows fewer connections than the limits"
            );
        }
        affordable
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
            keep_alive: Duration::from_secs(620),
            max_connections: 2 * 1024,
        }
    }
}
