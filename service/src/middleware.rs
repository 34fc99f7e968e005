//! The middleware around every handler: limits, panics, metrics, the log line and the response headers.
//!
//! It is one middleware, since each further one would move the response once more.
//!
//! * [`request_metadata`]: what is known of a request from its head
//! * [`request_id`], [`trace_context`]: the ids of a request
//! * [`request_span`]: the span around a request, where it is exported
//! * [`panics`]: turns a panic into a response; [`problems`]: turns the text of an error into a problem document

#[cfg(feature = "otlp")]
mod exported_span;
pub mod panics;
pub mod problems;
pub mod request_id;
pub mod request_metadata;
pub mod request_span;
pub mod trace_context;

use std::{
    future::Future,
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpResponse, ResponseError,
    dev::{ResponseHead, Service, ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
};

use self::request_metadata::RequestMetadata;
use crate::{admin::is_admin, limits::Limits, metrics::Metrics, rejection::Rejection, shutdown::Drain};

/// The target of each request's log line, by which a filter names it. A filter also applies to every target below the one
/// that it names: with this module's path, it would apply to [`request_span`] too.
pub const TARGET: &str = concat!(module_path!(), "::log_line");

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The message of each request's log line. As a value it is written as it is; the macro would format it for each line.
const REQUEST: &str = "request";

/// The status of a request whose client left before the response. nginx uses it too; it is never sent.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The middleware of one worker thread.
#[derive(Debug)]
pub struct Middleware {
    limits: Rc<Limits>,
    drain: Drain,
    metrics: Metrics,
}

impl Middleware {
    /// Creates the middleware of one worker thread.
    pub fn new(limits: Rc<Limits>, drain: Drain, metrics: Metrics) -> Self {
        Self { limits, drain, metrics }
    }

    /// Handles a request: rejects it where its headers are too large, and calls `service` otherwise.
    pub fn handle<S>(
        self: Rc<Self>,
        request: ServiceRequest,
        service: &S,
    ) -> impl Future<Output = Result<ServiceResponse, Error>> + use<S>
    where
        S: Service<ServiceRequest, Response = ServiceResponse, Error = Error>,
    {
        let started = Instant::now();
        let metadata = RequestMetadata::from_request(&request);
        metadata.clone().scope(|| {
            let response = self
                .check_headers(request.headers())
                .map(|()| panics::catch(service.call(request)));
            async move {
                let mut in_flight = InFlight::new(&self, &metadata, started);
                let mut outcome = match response {
                    Ok(response) => response.await.map(problems::replace_text),
                    Err(rejection) => Err(rejection.into()),
                };
                in_flight.status = match &outcome {
                    Ok(response) => response.status(),
                    Err(error) => error.as_response_error().status_code(),
                };
                drop(in_flight);
                match &mut outcome {
                    Ok(response) => self.add_headers(response.response_mut().head_mut(), &metadata),
                    Err(error) => error.add_response_mapper(move |mut response| {
                        self.add_headers(response.head_mut(), &metadata);
                        response
                    }),
                }
                outcome
            }
        })
    }

    /// Creates, records and logs the response to a request that is rejected before its head is complete, after it had
    /// taken so long to arrive.
    pub fn reject(&self, rejection: &Rejection, took: Duration) -> HttpResponse {
        let metadata = Rc::new(RequestMetadata::unknown());
        let mut response = rejection.error_response();
        metadata.enter(|| self.record(&metadata, response.status(), took));
        self.add_headers(response.head_mut(), &metadata);
        response
    }

    fn check_headers(&self, headers: &HeaderMap) -> Result<(), Rejection> {
        let size: usize = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        let max_bytes = self.limits.max_headers_size;
        if size > max_bytes {
            Err(Rejection::HeadersTooLarge { max_bytes })
        } else {
            Ok(())
        }
    }

    /// Counts a request and logs it.
    fn record(&self, metadata: &RequestMetadata, status: StatusCode, took: Duration) {
        let RequestMetadata { method, route, .. } = metadata;
        self.metrics.record(method, route, status.as_str(), took);
        let (status, latency_us) = (status.as_u16(), took.as_micros() as u64);
        if is_admin(route) {
            tracing::debug!(target: TARGET, message = REQUEST, method, route, status, latency_us);
        } else {
            tracing::info!(target: TARGET, message = REQUEST, method, route, status, latency_us);
        }
    }

    fn add_headers(&self, head: &mut ResponseHead, metadata: &RequestMetadata) {
        let headers = head.headers_mut();
        headers.insert(request_id::HEADER, metadata.id.header_value());
        if let Some(trace) = &metadata.trace {
            headers.insert(trace_context::HEADER, trace.header_value());
        }
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        // A kept-alive client opens its next connection to another replica, before this listener closes.
        if self.drain.is_draining() {
            head.set_connection_type(ConnectionType::Close);
        }
    }
}

/// A request until its response: counted as in flight, then recorded. Its client has left if it is dropped before.
struct InFlight<'request> {
    middleware: &'request Middleware,
    metadata: &'request RequestMetadata,
    started: Instant,
    status: StatusCode,
}

impl<'request> InFlight<'request> {
    fn new(middleware: &'request Middleware, metadata: &'request RequestMetadata, started: Instant) -> Self {
        middleware.metrics.in_flight.inc();
        Self {
            middleware,
            metadata,
            started,
            status: StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or_default(),
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.middleware.metrics.in_flight.dec();
        self.middleware
            .record(self.metadata, self.status, self.started.elapsed());
    }
}
