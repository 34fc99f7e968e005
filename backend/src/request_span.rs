//! The span around a request, so that all that a handler logs bears the request's id.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use crate::{request_id::RequestId, trace_context::TraceContext};

/// Makes the span.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let trace = TraceContext::of(request);
        // Of the highest level, so that the span is there whichever levels are logged.
        let span = tracing::error_span!(
            "request",
            request_id = RequestId::of(request).as_str(),
            trace_id = trace.as_ref().map(TraceContext::trace_id),
            span_id = trace.as_ref().map(TraceContext::span_id),
        );
        #[cfg(feature = "otlp")]
        crate::otlp::begin(&span, request, trace.as_ref());
        span
    }

    #[cfg_attr(
        not(feature = "otlp"),
        expect(unused_variables, reason = "only exported spans tell the outcome")
    )]
    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        #[cfg(feature = "otlp")]
        crate::otlp::end(&span, outcome);
    }
}
