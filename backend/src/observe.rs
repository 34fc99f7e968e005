//! What is told of a request: a span around it, a line in the log, and its part in the metrics.

use std::{future::Future, time::Instant};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse},
    web,
};
use api::path;
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use crate::{metrics::Metrics, request_context::RequestContext, trace_context::TraceContext};

/// Makes the span, so that all that a handler logs bears the request's id.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let context = RequestContext::of(request);
        let trace = context.trace.as_ref();
        // Of the highest level, so that the span is there whichever levels are logged.
        tracing::error_span!(
            "request",
            request_id = context.id.as_str(),
            trace_id = trace.map(TraceContext::trace_id),
            span_id = trace.map(TraceContext::span_id),
            method = context.method,
            route = context.route,
        )
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, Error>) {}
}

/// The layer, within the span, that logs a line and counts the request when it is answered.
pub fn answered<S, B>(
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let started = Instant::now();
    let context = RequestContext::of(&request);
    let metrics = request.app_data::<web::Data<Metrics>>().cloned();
    let response = service.call(request);
    async move {
        let in_flight = metrics.as_ref().map(|metrics| metrics.begin());
        let outcome = response.await;
        drop(in_flight);
        let status = match &outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let took = started.elapsed();
        if let Some(metrics) = metrics {
            metrics.answered(context.method, &context.route, status.as_str(), took);
        }
        let (status, latency_us) = (status.as_u16(), took.as_micros() as u64);
        // Kubernetes and Prometheus ask every few seconds, which would bury what people want to read.
        if [path::HEALTHZ, path::READYZ, path::METRICS].contains(&context.route.as_str()) {
            tracing::debug!(status, latency_us, "request");
        } else {
            tracing::info!(status, latency_us, "request");
        }
        outcome
    }
}
