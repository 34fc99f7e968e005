//! The span around a request, so that all that a handler logs bears the request's id.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use crate::{request_context::RequestContext, trace_context::TraceContext};

/// Makes the span.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let context = RequestContext::of(request);
        let trace = context.trace.as_ref();
        // Of the highest level, so that the span is there whichever levels are logged.
        let span = tracing::error_span!(
            "request",
            request_id = context.id.as_str(),
            trace_id = trace.map(TraceContext::trace_id),
            span_id = trace.map(TraceContext::span_id),
            method = context.method,
            route = context.route,
        );
        #[cfg(feature = "otlp")]
        if let Some(trace) = trace {
            crate::otlp::continue_trace(&span, trace);
        }
        span
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, Error>) {}
}
