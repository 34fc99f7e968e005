//! A connection of HTTP/1.1: one request after the other, in place of actix-http's dispatcher.
//!
//! The dispatcher parses up to 16 pipelined requests ahead, but has one codec, which remembers only the last of them: whether
//! it was a HEAD, its version, and whether the connection is kept. In `GET, GET, HEAD` the second response therefore lost its
//! body and kept its length; a request after `Connection: close` was answered too. It also reads any offer to upgrade as a
//! request to close, has no timeout for a head after the first and for no body, and responds to malformed HTTP without a
//! problem document.
//!
//! Here the next request is parsed when the one before it was answered. Until then the client waits: the kernel's buffer is
//! the only queue.

mod head;
mod transport;

use std::{rc::Rc, time::Duration};

use actix_http::{KeepAlive, Request, ServiceConfig, ServiceConfigBuilder};
use actix_service::Service;
use actix_web::{HttpResponse, body::MessageBody, dev::ServiceResponse, rt::net::TcpStream};
use tokio::time::{Instant, timeout_at};

use self::transport::Transport;
use crate::{limits::Limits, rejection::Rejection};

/// Returns the response to a request that is rejected before it reaches a handler, after the time it took to arrive.
pub type Reject = Rc<dyn Fn(&Rejection, Duration) -> HttpResponse>;

/// What the connections of a worker thread share.
pub struct Connections<S> {
    app: S,
    /// Holds the date, which the codec writes into each response.
    config: ServiceConfig,
    limits: Rc<Limits>,
    reject: Reject,
}

impl<S, B> Connections<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    /// Creates the connections to an application.
    pub fn new(app: S, limits: Rc<Limits>, reject: Reject) -> Self {
        Self {
            app,
            // Any value but `Disabled` lets the codec keep connections. The timeout is enforced here.
            config: ServiceConfigBuilder::new().keep_alive(KeepAlive::Os).build(),
            limits,
            reject,
        }
    }

    /// Serves a connection until the client or the server closes it.
    pub async fn serve(self: Rc<Self>, stream: TcpStream) {
        let client = stream.peer_addr().ok();
        let transport = Transport::new(stream, self.config.clone(), self.limits.clone());
        // Like every head, the first has to arrive soon.
        let mut idle_until = Instant::now() + self.limits.read_timeout;
        loop {
            if !transport.has_input() && !matches!(timeout_at(idle_until, transport.read()).await, Ok(Ok(1..))) {
                return;
            }
            let started = Instant::now();
            let is_kept = match self.read_head(&transport, started).await {
                Ok(Some(mut request)) => {
                    request.head_mut().peer_addr = client;
                    match self.app.call(request).await {
                        Ok(response) => transport.send(response).await,
                        Err(error) => transport.send(error).await,
                    }
                }
                Ok(None) => return,
                Err(rejection) => transport.reject((self.reject)(&rejection, started.elapsed())).await,
            };
            match is_kept {
                Ok(true) => idle_until = Instant::now() + self.limits.keep_alive,
                Ok(false) => return transport.linger().await,
                Err(error) => return tracing::debug!(%error, "the response was cut off"),
            }
        }
    }

    /// Reads until a head is complete. Returns `None` when the client closes the connection before.
    async fn read_head(&self, transport: &Transport, started: Instant) -> Result<Option<Request>, Rejection> {
        let timeout = self.limits.read_timeout;
        loop {
            if let Some(request) = transport.next_request()? {
                return Ok(Some(request));
            }
            match timeout_at(started + timeout, transport.read()).await {
                Ok(Ok(1..)) => {}
                Ok(_) => return Ok(None),
                Err(_) => return Err(Rejection::RequestTimeout { timeout }),
            }
        }
    }
}
