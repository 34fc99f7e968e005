//! The span around a request, which is exported as a part of the caller's trace.
//!
//! Without the feature `otlp` there is none. A log line takes its ids from
//! [`RequestMetadata`](super::request_metadata::RequestMetadata) in any case: creating, entering and leaving a span costs 11 % of
//! the CPU time of a request.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

#[cfg(feature = "otlp")]
use super::exported_span;

/// The target of the span, by which a filter names it.
pub const TARGET: &str = module_path!();

/// Creates the span.
pub struct RequestSpan;

#[cfg(not(feature = "otlp"))]
impl RootSpanBuilder for RequestSpan {
    fn on_request_start(_: &ServiceRequest) -> Span {
        Span::none()
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, Error>) {}
}

#[cfg(feature = "otlp")]
impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let span = tracing::info_span!("request", otel.kind = "server", request_id = tracing::field::Empty);
        if !span.is_disabled() {
            exported_span::begin(&span, request);
        }
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        exported_span::end(&span, outcome);
    }
}
