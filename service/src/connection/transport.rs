//! The socket of a connection with its buffers, shared by the connection and the body of its current request.

use std::{
    cell::RefCell,
    future::poll_fn,
    io, mem,
    pin::{Pin, pin},
    rc::Rc,
    task::Poll,
    time::Duration,
};

use actix_http::{
    BoxedPayloadStream, ConnectionType, Payload, Request, Response, ServiceConfig,
    body::{BodySize, MessageBody},
    error::PayloadError,
    h1::{Codec, Message, MessageType},
};
use actix_web::{
    HttpResponse,
    body::BoxBody,
    rt::net::TcpStream,
    web::{Buf, Bytes, BytesMut},
};
use futures_util::stream;
use socket2::SockRef;
use tokio::{
    io::AsyncWrite,
    time::{Instant, Sleep, timeout, timeout_at},
};
use tokio_util::{
    codec::{Decoder, Encoder},
    io::poll_read_buf,
};

use super::head;
use crate::{limits::Limits, rejection::Rejection};

/// How many bytes are read at once.
const READ_SIZE: usize = 4 * 1024;

/// How many bytes of a response are buffered before they are written.
const WRITE_SIZE: usize = 8 * 1024;

/// How long the server reads on after a last response. Closed at once, the connection would be reset, and the client might
/// lose the response that it has not read yet (RFC 9112, section 9.6).
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A connection's socket and buffers. Clones share them.
#[derive(Clone)]
pub struct Transport(Rc<RefCell<Inner>>);

struct Inner {
    stream: TcpStream,
    codec: Codec,
    input: BytesMut,
    output: BytesMut,
    body: Body,
    limits: Rc<Limits>,
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
        Self(Rc::new(RefCell::new(Inner {
            stream,
            codec: Codec::new(config),
            input: BytesMut::with_capacity(READ_SIZE),
            output: BytesMut::new(),
            body: Body::Complete,
            limits,
        })))
    }

    /// Whether bytes have arrived of which no request was made yet.
    pub fn has_input(&self) -> bool {
        !self.0.borrow().input.is_empty()
    }

    /// Reads more input. Returns how many bytes, which is zero when the client has closed its side.
    pub async fn read(&self) -> io::Result<usize> {
        poll_fn(|context| {
            let Inner { stream, input, .. } = &mut *self.0.borrow_mut();
            if input.capacity() - input.len() < READ_SIZE / 4 {
                input.reserve(READ_SIZE);
            }
            poll_read_buf(Pin::new(stream), context, input)
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

    /// Takes the next request from the input. Returns `None` while its head is incomplete.
    ///
    /// # Errors
    ///
    /// The rejection to respond with before the connection closes.
    pub fn next_request(&self) -> Result<Option<Request>, Rejection> {
        let inner = &mut *self.0.borrow_mut();
        if inner.input.is_empty() || !head::check(&mut inner.input, &inner.limits)? {
            return Ok(None);
        }
        let Ok(Some(Message::Item(mut request))) = inner.codec.decode(&mut inner.input) else {
            return Err(Rejection::MalformedHttp);
        };
        if inner.codec.message_type() == MessageType::None {
            inner.body = Body::Complete;
        } else {
            inner.body = Body::Incomplete {
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
                let inner = &mut *self.0.borrow_mut();
                if let Poll::Ready(chunk) = inner.buffered_chunk() {
                    return chunk;
                }
                let Body::Incomplete {
                    until,
                    expects_continue,
                } = &mut inner.body
                else {
                    return Ok(None);
                };
                if mem::take(expects_continue) {
                    inner.output.extend_from_slice(CONTINUE);
                }
                *until.get_or_insert_with(|| Instant::now() + inner.limits.read_timeout)
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
            self.0.borrow_mut().body = Body::Failed;
            return Err(error);
        }
    }

    /// Sends a response. Returns whether the connection is kept for another request.
    ///
    /// # Errors
    ///
    /// When the response is cut off, as its body fails or the client does not read it.
    pub async fn send<B: MessageBody>(&self, response: impl Into<Response<B>>) -> io::Result<bool> {
        let (mut response, body) = response.into().into_parts();
        let size = body.size();
        // The response may still read the request's body, as one does that streams it back.
        let is_body_in_use = Rc::strong_count(&self.0) > 1;
        {
            let inner = &mut *self.0.borrow_mut();
            if is_body_in_use || !inner.skip_buffered_body() {
                response.head_mut().set_connection_type(ConnectionType::Close);
            }
            inner.codec.encode(Message::Item((response, size)), &mut inner.output)?;
        }
        if !matches!(size, BodySize::None | BodySize::Sized(0)) {
            self.send_body(pin!(body)).await?;
        }
        self.flush().await?;
        Ok(self.0.borrow().codec.keep_alive())
    }

    /// Sends the response to what is not a valid request, and is the last on its connection.
    ///
    /// # Errors
    ///
    /// When the client does not read it.
    pub async fn reject(&self, response: HttpResponse) -> io::Result<bool> {
        let is_head = {
            let inner = &mut *self.0.borrow_mut();
            // The codec may remember the request before.
            inner.codec = Codec::new(inner.codec.config().clone());
            inner.body = Body::Failed;
            inner.input.starts_with(b"HEAD ")
        };
        let response = if is_head {
            response.set_body(BoxBody::new(()))
        } else {
            response
        };
        self.send(response).await
    }

    async fn send_body<B: MessageBody>(&self, mut body: Pin<&mut B>) -> io::Result<()> {
        loop {
            let chunk = poll_fn(|context| match body.as_mut().poll_next(context) {
                // What is buffered does not wait for the next chunk.
                Poll::Pending if !self.0.borrow().output.is_empty() => Poll::Ready(Some(Ok(Bytes::new()))),
                chunk => chunk,
            });
            let Some(chunk) = chunk.await else { break };
            let mut chunk = chunk.map_err(|error| io::Error::other(error.into().to_string()))?;
            if chunk.is_empty() {
                self.flush().await?;
            }
            while !chunk.is_empty() {
                let part = chunk.split_to(chunk.len().min(WRITE_SIZE));
                if self.0.borrow_mut().encode(Message::Chunk(Some(part)))? >= WRITE_SIZE {
                    self.flush().await?;
                }
            }
        }
        self.0.borrow_mut().encode(Message::Chunk(None))?;
        Ok(())
    }

    /// Writes the output.
    ///
    /// # Errors
    ///
    /// When the client does not read. The system only reports room once a third of its buffer is free, so that a client that
    /// reads a few bytes a second counts as one that does not read.
    async fn flush(&self) -> io::Result<()> {
        while !self.0.borrow().output.is_empty() {
            let written = self.0.borrow_mut().write();
            match written {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
                Ok(()) => continue,
            }
            let write_timeout = self.0.borrow().limits.write_timeout;
            let has_room = poll_fn(|context| self.0.borrow().stream.poll_write_ready(context));
            if let Ok(has_room) = timeout(write_timeout, has_room).await {
                has_room?;
            } else {
                // The system would otherwise keep what it has buffered until the client has read it.
                SockRef::from(&self.0.borrow().stream).set_linger(Some(Duration::ZERO))?;
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// Closes the connection after its last response: drops what still arrives until the client closes its side too.
    pub async fn linger(&self) {
        let drop_input = async {
            poll_fn(|context| Pin::new(&mut self.0.borrow_mut().stream).poll_shutdown(context)).await?;
            while self.read().await? > 0 {
                self.0.borrow_mut().input.clear();
            }
            io::Result::Ok(())
        };
        // However it ends, the connection is closed.
        let _ = timeout(LINGER_TIMEOUT, drop_input).await;
    }
}

impl Inner {
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

    /// Writes as much of the output as the system takes.
    fn write(&mut self) -> io::Result<()> {
        let length = self.stream.try_write(&self.output)?;
        self.output.advance(length);
        Ok(())
    }

    /// Appends to the output. Returns its length.
    fn encode(&mut self, message: Message<(Response<()>, BodySize)>) -> io::Result<usize> {
        self.codec.encode(message, &mut self.output)?;
        Ok(self.output.len())
    }
}
