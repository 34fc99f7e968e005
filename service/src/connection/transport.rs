//! The socket of a connection with its buffers, shared by the connection and the body of its current request.

mod output;

use std::{
    cell::{RefCell, RefMut},
    future::poll_fn,
    io, mem,
    pin::Pin,
    rc::Rc,
    task::Poll,
};

use actix_http::{
    BoxedPayloadStream, Payload, Request, ServiceConfig,
    error::PayloadError,
    h1::{Codec, Message, MessageType},
};
use actix_web::{
    rt::net::TcpStream,
    web::{Bytes, BytesMut},
};
use futures_util::stream;
use tokio::{
    io::Interest,
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    time::{Instant, Sleep, timeout, timeout_at},
};
use tokio_util::{codec::Decoder, io::poll_read_buf};

use super::head;
use crate::{limits::Limits, rejection::Rejection};

/// How many bytes are read at once.
const READ_SIZE: usize = 4 * 1024;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What is seen of a client that has gone: a reset, and on Linux the end of its side even behind unread input.
#[cfg(target_os = "linux")]
const GONE: Interest = Interest::PRIORITY.add(Interest::ERROR);
#[cfg(not(target_os = "linux"))]
const GONE: Interest = Interest::ERROR;

/// A connection's socket and buffers. Clones share them.
#[derive(Clone)]
pub struct Transport(Rc<Shared>);

struct Shared {
    writer: OwnedWriteHalf,
    limits: Rc<Limits>,
    state: RefCell<State>,
}

struct State {
    reader: OwnedReadHalf,
    codec: Codec,
    input: BytesMut,
    output: BytesMut,
    body: Body,
    /// Whether the current request is a HEAD, valid or not.
    is_head: bool,
}

/// How much of the current request's body was taken from the input.
enum Body {
    /// All of it, or there is none.
    Complete,
    /// Not all of it.
    Incomplete {
        /// When the rest is too late, once it has been waited for.
        until: Option<Instant>,
        /// Whether the client waits for `100 Continue` before it sends the body.
        expects_continue: bool,
    },
    /// It was malformed, too late or cut off. Where the next request would start is unknown.
    Failed,
}

impl Transport {
    /// The transport on a socket, with empty buffers.
    pub fn new(stream: TcpStream, config: ServiceConfig, limits: Rc<Limits>) -> Self {
        let (reader, writer) = stream.into_split();
        let state = RefCell::new(State {
            reader,
            codec: Codec::new(config),
            input: BytesMut::with_capacity(READ_SIZE),
            output: BytesMut::new(),
            body: Body::Complete,
            is_head: false,
        });
        Self(Rc::new(Shared { writer, limits, state }))
    }

    fn state(&self) -> RefMut<'_, State> {
        self.0.state.borrow_mut()
    }

    /// Returns whether bytes have arrived of which no request was made yet.
    pub fn has_input(&self) -> bool {
        !self.state().input.is_empty()
    }

    /// Reads more input. Returns how many bytes, which is zero when the client has closed its side.
    async fn read(&self) -> io::Result<usize> {
        poll_fn(|context| {
            let State { reader, input, .. } = &mut *self.state();
            if input.capacity() - input.len() < READ_SIZE / 4 {
                input.reserve(READ_SIZE);
            }
            poll_read_buf(Pin::new(reader), context, input)
        })
        .await
    }

    /// Reads more input. Returns whether some arrived before the client closed its side, and before the timer ended.
    pub async fn read_before(&self, timer: Pin<&mut Sleep>) -> bool {
        tokio::select! {
            biased;
            length = self.read() => matches!(length, Ok(1..)),
            () = timer => false,
        }
    }

    /// Waits until nobody waits for a response any more: the connection was reset, or the client closed its side a write
    /// timeout ago. A client may close its side and then read the response, so that this alone does not end a request.
    pub async fn wait_until_abandoned(&self) {
        let socket = self.0.writer.as_ref();
        if !socket.ready(GONE).await.is_ok_and(|ready| ready.is_error()) {
            // An error of the socket is a reset, too.
            let _ = timeout(self.0.limits.write_timeout, socket.ready(Interest::ERROR)).await;
        }
    }

    /// Takes the next request from the input. Returns `None` while its head is incomplete.
    ///
    /// # Errors
    ///
    /// The rejection to respond with before the connection closes.
    pub fn next_request(&self) -> Result<Option<Request>, Rejection> {
        let state = &mut *self.state();
        // Empty lines before a request are ignored (RFC 9112, section 2.2).
        state.is_head = state.input.trim_ascii_start().starts_with(b"HEAD ");
        if state.input.is_empty() || !head::check(&mut state.input, &self.0.limits)? {
            return Ok(None);
        }
        let Ok(Some(Message::Item(mut request))) = state.codec.decode(&mut state.input) else {
            return Err(Rejection::MalformedHttp);
        };
        if state.codec.message_type() == MessageType::None {
            state.body = Body::Complete;
        } else {
            state.body = Body::Incomplete {
                until: None,
                expects_continue: request.head().expect(),
            };
            *request.payload() = Payload::Stream {
                payload: self.clone().body(),
            };
        }
        Ok(Some(request))
    }

    /// The body of the current request. It is read as the application asks for it.
    fn body(self) -> BoxedPayloadStream {
        Box::pin(stream::unfold(self, |transport| async {
            let chunk = transport.next_chunk().await.transpose()?;
            Some((chunk, transport))
        }))
    }

    /// Returns the next chunk of the current request's body, or `None` at its end.
    async fn next_chunk(&self) -> Result<Option<Bytes>, PayloadError> {
        loop {
            let until = {
                let state = &mut *self.state();
                if let Poll::Ready(chunk) = state.buffered_chunk() {
                    return chunk;
                }
                let Body::Incomplete {
                    until,
                    expects_continue,
                } = &mut state.body
                else {
                    return Ok(None);
                };
                if mem::take(expects_continue) {
                    state.output.extend_from_slice(CONTINUE);
                }
                *until.get_or_insert_with(|| Instant::now() + self.0.limits.read_timeout)
            };
            let arrival = async {
                self.flush().await?;
                self.read().await
            };
            let error = match timeout_at(until, arrival).await {
                Ok(Ok(0)) => PayloadError::Incomplete(None),
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => PayloadError::Io(error),
                Err(_) => PayloadError::Io(io::ErrorKind::TimedOut.into()),
            };
            self.state().body = Body::Failed;
            return Err(error);
        }
    }
}

impl State {
    /// Takes the next chunk of the body from the input. Returns pending where more input is needed.
    fn buffered_chunk(&mut self) -> Poll<Result<Option<Bytes>, PayloadError>> {
        match self.body {
            Body::Complete => return Poll::Ready(Ok(None)),
            Body::Failed => return Poll::Ready(Err(PayloadError::EncodingCorrupted)),
            Body::Incomplete { .. } => {}
        }
        match self.codec.decode(&mut self.input) {
            Ok(None) => Poll::Pending,
            Ok(Some(Message::Chunk(Some(chunk)))) => Poll::Ready(Ok(Some(chunk))),
            Ok(Some(Message::Chunk(None))) => {
                self.body = Body::Complete;
                Poll::Ready(Ok(None))
            }
            Ok(Some(Message::Item(_))) | Err(_) => {
                self.body = Body::Failed;
                Poll::Ready(Err(PayloadError::EncodingCorrupted))
            }
        }
    }

    /// Drops what has arrived of a body that the application did not read. Returns whether that was all of it.
    fn skip_buffered_body(&mut self) -> bool {
        while let Poll::Ready(Ok(Some(_))) = self.buffered_chunk() {}
        matches!(self.body, Body::Complete)
    }
}
