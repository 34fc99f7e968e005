//! The span around a request, for whatever collects spans: the log as text, and the export of traces.
//!
//! The log as JSON does without it, and asks [`RequestMetadata`] instead: keeping a span, entering it and leaving it for each
//! part of an answer would cost a tenth of all that a request costs.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use tracing::{Span, field::Empty};
use tracing_actix_web::RootSpanBuilder;

use super::request_metadata::RequestMetadata;

/// The target of the span, by which a filter names it.
pub const TARGET: &str = module_path!();

/// Makes the span.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        // Of the highest level, so that the span is there whichever levels are logged.
        let span = tracing::error_span!(
            "request",
            otel.kind = Empty,
            request_id = Empty,
            trace_id = Empty,
            span_id = Empty
        );
        if !span.is_disabled() {
            let context = RequestMetadata::new(request);
            #[cfg(feature = "otlp")]
            let context = super::exported_span::begin(&span, request, context);
            span.record("request_id", context.id.as_str());
            if let Some(trace) = &context.trace {
                span.record("trace_id", trace.trace_id());
                span.record("span_id", trace.span_id());
            }
            context.keep(request);
        }
        span
    }

    #[cfg_attr(
        not(feature = "otlp"),
        expect(unused_variables, reason = "only exported spans tell the outcome")
    )]
    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        #[cfg(feature = "otlp")]
        super::exported_span::end(&span, outcome);
    }
}
