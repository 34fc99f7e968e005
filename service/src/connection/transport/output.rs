//! Sends the responses of a connection.

use std::{
    future::poll_fn,
    io,
    net::Shutdown,
    pin::{Pin, pin},
    rc::Rc,
    task::Poll,
    time::Duration,
};

use actix_http::{
    ConnectionType, Response,
    body::{BodySize, MessageBody},
    h1::{Codec, Message},
};
use actix_web::{
    HttpResponse,
    body::BoxBody,
    web::{Buf, Bytes, BytesMut},
};
use socket2::SockRef;
use tokio::time::timeout;
use tokio_util::codec::Encoder;

use super::{Body, Shared, State, Transport};

/// How many bytes of a response are buffered, unless one chunk has more, before they are written.
const WRITE_SIZE: usize = 64 * 1024;

/// The longest body whose buffer is kept for the next response. Idle connections would otherwise keep all of the longest.
const MAX_KEPT_BUFFER: u64 = 8 * 1024;

/// How long the server reads on after a last response. Closed at once, the connection would be reset, and the client might
/// lose the response that it has not read yet (RFC 9112, section 9.6).
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

impl Transport {
    /// Sends a response. Returns whether the connection is kept for another request, which it is not after the `last` one.
    ///
    /// # Errors
    ///
    /// When the response is cut off, as its body fails or the client does not read it.
    pub async fn send<B: MessageBody>(&self, response: impl Into<Response<B>>, last: bool) -> io::Result<bool> {
        let (mut response, body) = response.into().into_parts();
        let size = body.size();
        // The response may still read the request's body, as one does that streams it back.
        let is_body_in_use = Rc::strong_count(&self.0) > 1;
        {
            let state = &mut *self.state();
            if last || is_body_in_use || !state.skip_buffered_body() {
                response.head_mut().set_connection_type(ConnectionType::Close);
            }
            state.codec.encode(Message::Item((response, size)), &mut state.output)?;
        }
        if !matches!(size, BodySize::None | BodySize::Sized(0)) {
            self.send_body(pin!(body)).await?;
        }
        self.flush().await?;
        let state = &mut *self.state();
        if !matches!(size, BodySize::None | BodySize::Sized(..=MAX_KEPT_BUFFER)) {
            state.output = BytesMut::new();
        }
        Ok(state.codec.keep_alive())
    }

    /// Sends the response to what is not a valid request, and is the last on its connection.
    ///
    /// # Errors
    ///
    /// When the client does not read it.
    pub async fn reject(&self, mut response: HttpResponse) -> io::Result<bool> {
        {
            let state = &mut *self.state();
            // The codec may remember the request before.
            state.codec = Codec::new(state.codec.config().clone());
            state.body = Body::Failed;
            if state.is_head {
                response = response.set_body(BoxBody::new(()));
            }
        }
        self.send(response, true).await
    }

    async fn send_body<B: MessageBody>(&self, mut body: Pin<&mut B>) -> io::Result<()> {
        loop {
            let chunk = poll_fn(|context| match body.as_mut().poll_next(context) {
                // What is buffered does not wait for the next chunk.
                Poll::Pending if !self.state().output.is_empty() => Poll::Ready(Some(Ok(Bytes::new()))),
                chunk => chunk,
            });
            let chunk = tokio::select! {
                biased;
                chunk = chunk => chunk,
                () = self.wait_until_abandoned() => return Err(io::ErrorKind::ConnectionReset.into()),
            };
            let Some(chunk) = chunk else { break };
            let chunk = chunk.map_err(|error| io::Error::other(error.into().to_string()))?;
            if chunk.is_empty() || self.state().encode(Message::Chunk(Some(chunk)))? >= WRITE_SIZE {
                self.flush().await?;
            }
        }
        self.state().encode(Message::Chunk(None))?;
        Ok(())
    }

    /// Writes the output.
    ///
    /// # Errors
    ///
    /// When the client does not read. The system only reports room once a third of its buffer is free, so that a client that
    /// reads a few bytes a second counts as one that does not read.
    pub(super) async fn flush(&self) -> io::Result<()> {
        let Shared { writer, limits, .. } = &*self.0;
        while self.has_output() {
            let written = writer.try_write(&self.state().output);
            match written {
                Ok(length) => self.state().output.advance(length),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if let Ok(has_room) = timeout(limits.write_timeout, writer.writable()).await {
                        has_room?;
                    } else {
                        // The system would otherwise keep what it has buffered until the client has read it.
                        SockRef::from(writer.as_ref()).set_linger(Some(Duration::ZERO))?;
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn has_output(&self) -> bool {
        !self.state().output.is_empty()
    }

    /// Closes the connection after its last response: drops what still arrives until the client closes its side too.
    pub async fn linger(&self) {
        let drop_input = async {
            SockRef::from(self.0.writer.as_ref()).shutdown(Shutdown::Write)?;
            while self.read().await? > 0 {
                self.state().input.clear();
            }
            io::Result::Ok(())
        };
        // However it ends, the connection is closed.
        let _ = timeout(LINGER_TIMEOUT, drop_input).await;
    }
}

impl State {
    /// Appends to the output. Returns its length.
    fn encode(&mut self, message: Message<(Response<()>, BodySize)>) -> io::Result<usize> {
        self.codec.encode(message, &mut self.output)?;
        Ok(self.output.len())
    }
}
