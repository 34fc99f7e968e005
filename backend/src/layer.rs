//! What happens around every handler, in one layer: each more would cost every request the moving of its response.

use std::{future::Future, rc::Rc, time::Duration};

use actix_web::{
    Error, HttpResponse, ResponseError,
    dev::{ResponseHead, Service, ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderValue},
    },
    web,
};
use api::path;
use tokio::time::Instant;

use crate::{
    connection::Progress, error, limits, panics, replica::Replica, request_context::RequestContext, request_id,
    trace_context,
};

/// The target of each request's line, by which a filter names it.
pub const TARGET: &str = module_path!();

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The message of each request's line. As a value it is written as it is; the macro's format would be worked out anew.
const REQUEST: &str = "request";

/// The layer: refuses what is beyond the limits, catches panics, counts, logs one line, and puts the headers on the
/// response that all responses bear.
pub fn around<S, B>(
    replica: web::Data<Replica>,
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let started = Instant::now();
    let progress = Progress::of(request.request()).clone();
    progress.begin(started);
    let context = RequestContext::of(&request);
    context.clone().scope(|| {
        let response = limits::check_headers(request.headers()).map(|()| panics::catch(service.call(request)));
        async move {
            let in_flight = replica.counter.begin();
            let mut outcome = match response {
                Ok(response) => response.await,
                Err(error) => Err(error.into()),
            };
            drop(in_flight);
            let status = match &outcome {
                Ok(response) => response.status(),
                Err(error) => error.as_response_error().status_code(),
            };
            let ended = Instant::now();
            progress.end(ended);
            count_and_log(&replica, &context, status, ended - started);
            match &mut outcome {
                Ok(response) => add_headers(
                    response.response_mut().head_mut(),
                    &context,
                    replica.drain.is_draining(),
                ),
                Err(error) => error.add_response_mapper(move |mut response| {
                    add_headers(response.head_mut(), &context, replica.drain.is_draining());
                    response
                }),
            }
            outcome
        }
    })
}

/// Counts, logs, and answers what never becomes a request, as it is refused before its head is complete. It took so long
/// to arrive as it did.
pub fn refuse(replica: &Replica, error: &error::Error, took: Duration) -> HttpResponse {
    let context = Rc::new(RequestContext::unknown());
    let mut response = error.error_response();
    context.enter(|| count_and_log(replica, &context, response.status(), took));
    add_headers(response.head_mut(), &context, replica.drain.is_draining());
    response
}

fn count_and_log(replica: &Replica, context: &RequestContext, status: StatusCode, took: Duration) {
    let RequestContext { method, route, .. } = context;
    replica.counter.answered(method, route, status.as_str(), took);
    let (status, latency_us) = (status.as_u16(), took.as_micros() as u64);
    // Kubernetes and Prometheus ask every few seconds, which would bury what people want to read.
    if [path::HEALTHZ, path::READYZ, path::METRICS].contains(&route.as_str()) {
        tracing::debug!(message = REQUEST, method, route, status, latency_us);
    } else {
        tracing::info!(message = REQUEST, method, route, status, latency_us);
    }
}

fn add_headers(head: &mut ResponseHead, context: &RequestContext, draining: bool) {
    let headers = head.headers_mut();
    headers.insert(request_id::HEADER, context.id.header_value());
    if let Some(trace) = &context.trace {
        headers.insert(trace_context::HEADER, trace.header_value());
    }
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    // So that a kept-alive client opens its next connection elsewhere, before this listener closes.
    if draining {
        head.set_connection_type(ConnectionType::Close);
    }
}
