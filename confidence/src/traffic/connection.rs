//! One HTTP/1.1 connection, on which nothing is ever sent twice.

use std::{
    error::Error,
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request, Version,
    client::conn::http1::{self, SendRequest},
    header::{CONNECTION, HeaderMap},
    http::response::Parts,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::outcome::LossKind;

/// Larger bodies count as wrong content.
const MAX_BODY: usize = 8 << 20;

/// A connection to one server. Dropping it closes it.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    state: Arc<State>,
    /// When its last response was complete.
    pub idle_since: Instant,
}

/// What is known about a connection, by its owner and by the task that drives it. Either may learn first that it has ended.
struct State {
    /// The server has said that it will close, or this client has closed or asked for it.
    is_close_announced: AtomicBool,
    /// At least one response is complete.
    has_served: AtomicBool,
    /// A request was sent, and its response is not complete. A close is judged afterwards: the response may have announced it.
    is_exchanging: AtomicBool,
    /// The connection has ended.
    has_ended: AtomicBool,
    on_unannounced_close: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl State {
    fn announce_close(&self) {
        self.is_close_announced.store(true, Ordering::SeqCst);
    }

    fn exchanged(&self) {
        self.is_exchanging.store(false, Ordering::SeqCst);
        self.check();
    }

    /// Reports a close without notice, once. A close within an exchange is not one, since its request is lost.
    fn check(&self) {
        let is = |flag: &AtomicBool| flag.load(Ordering::SeqCst);
        if is(&self.has_ended) && !is(&self.is_exchanging) && is(&self.has_served) && !is(&self.is_close_announced) {
            let report = self
                .on_unannounced_close
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(report) = report {
                report();
            }
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("State").finish_non_exhaustive()
    }
}

/// Why an exchange failed.
#[derive(Debug)]
pub enum Failure {
    /// The connection had ended before a byte of the request was written. Sending it elsewhere is not a repetition.
    Unwritten(Box<Request<Full<Bytes>>>),
    /// The request was sent, and is lost.
    Lost(LossKind, String),
}

impl Connection {
    /// Connects to the first of the addresses that accepts. Calls `on_unannounced_close` if the server closes the connection
    /// after a response that did not say `Connection: close`.
    ///
    /// # Errors
    /// With the error of the last address.
    pub async fn open(
        addresses: &[SocketAddr],
        on_unannounced_close: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let stream = TcpStream::connect(addresses).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let state = Arc::new(State {
            is_close_announced: AtomicBool::new(false),
            has_served: AtomicBool::new(false),
            is_exchanging: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            on_unannounced_close: Mutex::new(Some(Box::new(on_unannounced_close))),
        });
        let watched = state.clone();
        tokio::spawn(async move {
            // An error is also reported to the exchange in flight; between two exchanges only the end matters.
            let _ = connection.await;
            watched.has_ended.store(true, Ordering::SeqCst);
            watched.check();
        });
        Ok(Self {
            sender,
            state,
            idle_since: Instant::now(),
        })
    }

    /// Sends a request and waits for the complete response.
    ///
    /// # Errors
    /// If the connection ends first, or the response is not HTTP.
    pub async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<(Parts, Bytes), Failure> {
        if let Err(error) = self.sender.ready().await {
            return match self.state.has_served.load(Ordering::SeqCst) {
                true => Err(Failure::Unwritten(Box::new(request))),
                false => Err(lost(&error)),
            };
        }
        if announces_close(request.version(), request.headers()) {
            self.state.announce_close();
        }
        self.state.is_exchanging.store(true, Ordering::SeqCst);
        let response = match self.sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut failed) => {
                return Err(match failed.take_message() {
                    Some(request) => {
                        self.state.exchanged();
                        Failure::Unwritten(Box::new(request))
                    }
                    None => lost(failed.error()),
                });
            }
        };
        if announces_close(response.version(), response.headers()) {
            self.state.announce_close();
        }
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return Failure::Lost(LossKind::WrongContent, format!("the body exceeds {MAX_BODY} bytes"));
            }
            Failure::Lost(LossKind::ResetWithinResponse, cause(error.as_ref()))
        })?;
        self.state.has_served.store(true, Ordering::SeqCst);
        self.state.exchanged();
        self.idle_since = Instant::now();
        Ok((head, body.to_bytes()))
    }

    /// Returns whether another request may be sent on this connection.
    pub fn is_reusable(&self) -> bool {
        !self.sender.is_closed() && !self.state.is_close_announced.load(Ordering::SeqCst)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.state.announce_close();
    }
}

fn announces_close(version: Version, headers: &HeaderMap) -> bool {
    let mut tokens = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    if version == Version::HTTP_10 {
        return !tokens.any(|token| token.eq_ignore_ascii_case("keep-alive"));
    }
    tokens.any(|token| token.eq_ignore_ascii_case("close"))
}

fn lost(error: &hyper::Error) -> Failure {
    let kind = match error.is_parse() {
        true => LossKind::WrongContent,
        false => LossKind::ResetBeforeResponse,
    };
    Failure::Lost(kind, cause(error))
}

/// Returns the innermost cause: "Connection reset by peer" rather than "connection error".
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
