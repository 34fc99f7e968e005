//! One connection with HTTP/1.1 or HTTP/2, on which nothing is ever sent twice.

mod state;

use std::{error::Error, io, net::SocketAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request, Version,
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
    header::{CONNECTION, HOST, HeaderMap},
    http::{response::Parts, uri::Uri},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};

use self::state::State;
use super::{outcome::LossKind, source_port, tls::Tls};
use crate::plan::run::HttpVersion;

/// Larger bodies count as wrong content.
const MAX_BODY: usize = 8 << 20;

/// A connection to one server. Dropping it closes it.
pub struct Connection {
    sender: Sender,
    state: Arc<Mutex<State>>,
    /// When its last response was complete.
    pub idle_since: Instant,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// Why an exchange failed.
#[derive(Debug)]
pub enum ExchangeError {
    /// The connection had ended before a byte of the request was written. Sending it elsewhere is not a repetition.
    Unwritten(Box<Request<Full<Bytes>>>),
    /// The request was sent, and is lost.
    Lost(LossKind, String),
}

/// What TCP and TLS carry HTTP on.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Connection {
    /// Connects to the first of the addresses that accepts. Calls `on_unannounced_close` if the server closes the connection
    /// after a response that did not say `Connection: close`, or with HTTP/2 without GOAWAY.
    pub async fn open(
        addresses: &[SocketAddr],
        host: &str,
        tls: Option<&Tls>,
        version: Option<HttpVersion>,
        on_unannounced_close: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let stream = source_port::connect(addresses).await?;
        stream.set_nodelay(true)?;
        let (stream, agreed): (Box<dyn Stream>, _) = match tls {
            None => (Box::new(stream), None),
            Some(tls) => {
                let stream = tls.connect(host, stream).await?;
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let agreed = if is_http2 {
                    HttpVersion::Http2
                } else {
                    HttpVersion::Http1
                };
                (Box::new(stream), Some(agreed))
            }
        };
        let version = agreed.or(version).unwrap_or(HttpVersion::Http1);
        let state = Arc::new(Mutex::new(State::new(on_unannounced_close)));
        let (watched, stream) = (state.clone(), TokioIo::new(stream));
        // An error is also reported to the exchange in flight; between two exchanges only the end matters.
        let sender = match version {
            HttpVersion::Http1 => {
                let (sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
                tokio::spawn(async move {
                    let ended = connection.await;
                    watched.lock().ended(ended, version)
                });
                Sender::Http1(sender)
            }
            HttpVersion::Http2 => {
                let handshake = http2::handshake(TokioExecutor::new(), stream).await;
                let (sender, connection) = handshake.map_err(io::Error::other)?;
                tokio::spawn(async move {
                    let ended = connection.await;
                    watched.lock().ended(ended, version)
                });
                Sender::Http2(sender)
            }
        };
        Ok(Self {
            sender,
            state,
            idle_since: Instant::now(),
        })
    }

    /// Sends a request and waits for the complete response.
    pub async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<(Parts, Bytes), ExchangeError> {
        if let Err(error) = self.sender.ready().await {
            return match self.state.lock().has_served {
                true => Err(ExchangeError::Unwritten(Box::new(request))),
                false => Err(lost(&error)),
            };
        }
        let is_last = announces_close(request.version(), request.headers());
        {
            let mut state = self.state.lock();
            state.is_close_announced |= is_last;
            state.is_exchanging = true;
        }
        let response = match self.sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut failed) => {
                return Err(match failed.take_message() {
                    Some(request) => {
                        self.state.lock().exchanged();
                        ExchangeError::Unwritten(Box::new(request))
                    }
                    None => lost(failed.error()),
                });
            }
        };
        let is_last = announces_close(response.version(), response.headers());
        self.state.lock().is_close_announced |= is_last;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return ExchangeError::Lost(LossKind::WrongContent, format!("the body exceeds {MAX_BODY} bytes"));
            }
            ExchangeError::Lost(LossKind::ResetWithinResponse, words(cause(error.as_ref())))
        })?;
        {
            let mut state = self.state.lock();
            state.has_served = true;
            state.exchanged();
        }
        self.idle_since = Instant::now();
        Ok((head, body.to_bytes()))
    }

    /// Returns whether another request may be sent on this connection.
    pub fn is_reusable(&self) -> bool {
        let is_closed = match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        };
        !is_closed && !self.state.lock().is_close_announced
    }
}

impl Sender {
    async fn ready(&mut self) -> hyper::Result<()> {
        match self {
            Self::Http1(sender) => sender.ready().await,
            Self::Http2(sender) => sender.ready().await,
        }
    }

    /// Sends a request, whose URI is absolute, in the form of the protocol.
    async fn try_send_request(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<hyper::Response<Incoming>, TrySendError<Request<Full<Bytes>>>> {
        match self {
            Self::Http1(sender) => {
                let path = request.uri().path_and_query().cloned();
                *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
                sender.try_send_request(request).await
            }
            Self::Http2(sender) => {
                request.headers_mut().remove(HOST);
                request.headers_mut().remove(CONNECTION);
                sender.try_send_request(request).await
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.state.lock().is_close_announced = true;
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

fn lost(error: &hyper::Error) -> ExchangeError {
    let cause = cause(error);
    let kind = match cause.downcast_ref::<h2::Error>() {
        Some(error) if error.reason() == Some(h2::Reason::REFUSED_STREAM) => LossKind::RefusedStream,
        Some(error) if error.is_go_away() => LossKind::GoAway,
        _ if error.is_parse() => LossKind::WrongContent,
        _ => LossKind::ResetBeforeResponse,
    };
    ExchangeError::Lost(kind, words(cause))
}

/// Returns the innermost cause: "Connection reset by peer" rather than "connection error".
fn cause<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}

/// Returns the text of an error, without the address of a manual.
fn words(error: &(dyn Error + 'static)) -> String {
    let text = error.to_string();
    text.split(": https://").next().unwrap_or_default().to_owned()
}
