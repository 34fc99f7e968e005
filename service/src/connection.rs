//! A connection of HTTP/1.1: one request after the other, in place of actix-http's dispatcher.
//!
//! It fills these gaps of the dispatcher (actix-http 3.20), which are reported upstream where a number says so:
//!
//! * The timer for a head covers only the first head of a connection, and none covers a body
//!   ([#928](https://github.com/actix/actix-web/issues/928): bodies are left to the application).
//! * A head may take 128 KiB, on every connection ([#1885](https://github.com/actix/actix-web/issues/1885) asked for long ones).
//! * Up to 16 pipelined requests are parsed ahead with one codec, which remembers only the last of them: whether it was a HEAD,
//!   its version, and whether the connection is kept. In `GET, GET, HEAD` the second response therefore lost its body and kept
//!   its length; a request after `Connection: close` was answered too. (No report is known.
//!   [#4180](https://github.com/actix/actix-web/pull/4180) tried to handle one request at a time, as is done here.)
//! * Any offer to upgrade is read as a request to close ([#2692](https://github.com/actix/actix-web/issues/2692)).
//! * The response to malformed HTTP is not a problem document, and is neither logged nor counted.
//!
//! Here the next request is parsed when the one before it was answered. Until then the client waits: the kernel's buffer is
//! the only queue.

mod head;
mod transport;

use std::{
    pin::{Pin, pin},
    rc::Rc,
    time::Duration,
};

use actix_http::{KeepAlive, Request, ServiceConfig, ServiceConfigBuilder};
use actix_service::Service;
use actix_web::{HttpResponse, body::MessageBody, dev::ServiceResponse, rt::net::TcpStream};
use tokio::time::{Instant, Sleep, sleep};

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
        // One timer for the heads of all requests: resetting a timer costs less than creating one.
        // Like every head, the first has to arrive soon.
        let mut timer = pin!(sleep(self.limits.read_timeout));
        loop {
            if !transport.has_input() && !transport.read_before(timer.as_mut()).await {
                return;
            }
            let started = Instant::now();
            let is_kept = match self.read_head(&transport, started, timer.as_mut()).await {
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
                Ok(true) => timer.as_mut().reset(Instant::now() + self.limits.keep_alive),
                Ok(false) => return transport.linger().await,
                Err(error) => return tracing::debug!(%error, "the response was cut off"),
            }
        }
    }

    /// Reads until a head is complete. Returns `None` when the client closes the connection before.
    async fn read_head(
        &self,
        transport: &Transport,
        started: Instant,
        mut timer: Pin<&mut Sleep>,
    ) -> Result<Option<Request>, Rejection> {
        let timeout = self.limits.read_timeout;
        if let Some(request) = transport.next_request()? {
            return Ok(Some(request));
        }
        timer.as_mut().reset(started + timeout);
        while transport.read_before(timer.as_mut()).await {
            if let Some(request) = transport.next_request()? {
                return Ok(Some(request));
            }
        }
        if timer.is_elapsed() {
            Err(Rejection::RequestTimeout { timeout })
        } else {
            Ok(None)
        }
    }
}
