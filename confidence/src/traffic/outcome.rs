//! What became of a request.

use std::{fmt, io};

use serde::{Deserialize, Serialize};

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The right response arrived in time.
    Responded(Origin),
    /// No response arrived, or a wrong one.
    Lost(Loss),
}

/// What a response says about the pods that it came from. Empty where the plan does not say where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub pod: Option<String>,
    pub version: Option<String>,
    /// The pod of a proxy that forwarded the request.
    pub proxy: Option<String>,
    /// Whether a proxy sent the request to more than one pod.
    pub retried: bool,
}

/// Why a request counts as lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    pub kind: LossKind,
    /// The kind of connection the request was sent on.
    pub connection: ConnectionKind,
    /// The error or the unexpected value.
    pub detail: String,
}

/// The ways in which a request can be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    Refused,
    NoAddress,
    /// No route leads to the host: its node or pod no longer exists.
    Unreachable,
    /// The TLS handshake failed: the certificate is not accepted, for example.
    TlsFailed,
    /// The server closed an HTTP/2 connection by GOAWAY without having processed the request.
    GoAway,
    RefusedStream,
    /// The connection ended after the request was sent and before a response began.
    ResetBeforeResponse,
    /// The connection ended within the response.
    ResetWithinResponse,
    /// The response was not complete in time.
    TimedOut,
    /// The response has another status.
    WrongStatus,
    /// The response has the right status and lacks what it must contain.
    WrongContent,
    /// This machine could not send the request: it has no free port or file descriptor. The cluster is not to blame.
    NotSent,
}

impl fmt::Display for LossKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Refused => "connection refused",
            Self::NoAddress => "host without address",
            Self::Unreachable => "no route to host",
            Self::TlsFailed => "TLS failed",
            Self::GoAway => "GOAWAY before a response",
            Self::RefusedStream => "refused stream",
            Self::ResetBeforeResponse => "reset before a response",
            Self::ResetWithinResponse => "reset within the response",
            Self::TimedOut => "timed out",
            Self::WrongStatus => "wrong status",
            Self::WrongContent => "wrong content",
            Self::NotSent => "not sent by this machine",
        })
    }
}

impl LossKind {
    /// Classifies an error of the attempt to connect.
    pub fn from_connect_error(error: &io::Error) -> Self {
        use io::ErrorKind;
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Self::ResetBeforeResponse,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Self::Unreachable,
            ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse => Self::NotSent,
            ErrorKind::InvalidData => Self::TlsFailed,
            // "Too many open files": the standard library has no stable name for it.
            _ if error.raw_os_error() == Some(libc::EMFILE) => Self::NotSent,
            _ => Self::NoAddress,
        }
    }
}

/// How the connection of a request came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionKind {
    /// Opened for this request.
    New,
    /// Kept alive after an earlier response.
    KeptAlive,
}

impl fmt::Display for ConnectionKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::New => "new",
            Self::KeptAlive => "kept-alive",
        })
    }
}
