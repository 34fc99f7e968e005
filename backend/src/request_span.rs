//! The span around a request, and the line that the log gets for it.

use std::{future::Future, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse},
};
use api::path;
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use crate::request_id::RequestId;

/// Makes the span, so that all that a handler logs bears the request's id.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let extensions = request.extensions();
        let request_id = extensions.get::<RequestId>().map(tracing::field::display);
        let route = request.match_pattern();
        // Of the highest level, so that the span is there whichever levels are logged.
        tracing::error_span!("request", request_id, method = %request.method(), route)
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, Error>) {}
}

/// The layer, within the span, that logs one line a request.
pub fn log<S, B>(
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let started = Instant::now();
    let is_probe = [path::HEALTHZ, path::READYZ, path::METRICS].contains(&request.path());
    let response = service.call(request);
    async move {
        let outcome = response.await;
        let status = match &outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let status = status.as_u16();
        let latency_us = started.elapsed().as_micros() as u64;
        // Kubernetes asks every few seconds, which would bury what people want to read.
        if is_probe {
            tracing::debug!(status, latency_us, "request");
        } else {
            tracing::info!(status, latency_us, "request");
        }
        outcome
    }
}
