//! A connection of HTTP/1.1: one request after the other, in place of actix-http's dispatcher.
//!
//! `docs/decisions/0001-connection-loop.md` has the reasons. The next request is parsed when the one before it was responded
//! to. Until then the client waits: the kernel's buffer is the only queue.

mod head;
mod idle;
mod transport;

use std::{
    pin::{Pin, pin},
    rc::Rc,
};

use actix_http::{KeepAlive, Request, ServiceConfig, ServiceConfigBuilder};
use actix_service::Service;
use actix_web::{body::MessageBody, dev::ServiceResponse, rt::net::TcpStream};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use self::{idle::IdleConnections, transport::Transport};
use crate::{limits::Limits, middleware::Middleware, rejection::Rejection};

/// What the connections of a worker thread share.
pub struct Connections<S> {
    app: S,
    /// Holds the date, which the codec writes into each response.
    config: ServiceConfig,
    limits: Rc<Limits>,
    max: usize,
    middleware: Rc<Middleware>,
    idle: IdleConnections,
}

impl<S, B> Connections<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    /// Creates the connections to an application, of which there are at most `max` at a time.
    pub fn new(app: S, limits: Rc<Limits>, max: usize, middleware: Rc<Middleware>) -> Self {
        Self {
            app,
            // Any value but `Disabled` lets the codec keep connections. The timeout is enforced here.
            config: ServiceConfigBuilder::new().keep_alive(KeepAlive::Os).build(),
            limits,
            max,
            middleware,
            idle: IdleConnections::default(),
        }
    }

    /// Closes the idle connections at the end of the drain, each once it has been idle for the read timeout.
    pub fn close_idle(&self) {
        self.idle.close_all();
    }

    /// Serves a connection until the client or the server closes it.
    pub async fn serve(self: Rc<Self>, stream: TcpStream) {
        if self.is_full() {
            self.idle.close_longest();
        }
        let client = stream.peer_addr().ok();
        let transport = Transport::new(stream, self.config.clone(), self.limits.clone());
        // One timer for all requests: resetting a timer costs less than creating one.
        let mut timer = pin!(sleep(self.limits.keep_alive));
        loop {
            if !transport.has_input() && !self.is_requested(&transport, timer.as_mut()).await {
                return;
            }
            let started = Instant::now();
            let is_kept = match self.read_head(&transport, started, timer.as_mut()).await {
                Ok(Some(mut request)) => {
                    request.head_mut().peer_addr = client;
                    let response = tokio::select! {
                        biased;
                        response = self.app.call(request) => response,
                        () = transport.wait_until_abandoned() => return,
                    };
                    match response {
                        Ok(response) => transport.send(response, self.is_full()).await,
                        Err(error) => transport.send(error, self.is_full()).await,
                    }
                }
                Ok(None) => return,
                Err(rejection) => {
                    let response = self.middleware.reject(&rejection, started.elapsed());
                    transport.reject(response).await
                }
            };
            match is_kept {
                Ok(true) => timer.as_mut().reset(Instant::now() + self.limits.keep_alive),
                Ok(false) => return transport.linger().await,
                Err(error) => return tracing::debug!(%error, "the response was cut off"),
            }
        }
    }

    /// Returns whether no further connection is accepted. Each connection holds a reference, and so does their factory.
    fn is_full(self: &Rc<Self>) -> bool {
        Rc::strong_count(self) > self.max
    }

    /// Waits for the first bytes of a request. Returns false when the connection has to close instead.
    async fn is_requested(&self, transport: &Transport, timer: Pin<&mut Sleep>) -> bool {
        let idle_since = Instant::now();
        let unwanted = async {
            self.idle.wait_until_unwanted().await;
            if self.idle.are_unwanted() {
                sleep_until(idle_since + self.limits.read_timeout).await;
            }
        };
        tokio::select! {
            biased;
            is_requested = transport.read_before(timer) => is_requested,
            () = unwanted => false,
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
