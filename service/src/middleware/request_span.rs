//! The span around a request, for the text log and the export of traces.
//!
//! The JSON log disables it and takes the ids from [`RequestMetadata`]: creating, entering and leaving a span would cost a tenth
//! of the CPU time of a request.

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

/// Creates the span.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        // Of the highest level, so that it exists at any log level.
        let span = tracing::error_span!(
            "request",
            otel.kind = Empty,
            request_id = Empty,
            trace_id = Empty,
            span_id = Empty
        );
        if !span.is_disabled() {
            let metadata = RequestMetadata::new(request);
            #[cfg(feature = "otlp")]
            let metadata = super::exported_span::begin(&span, request, metadata);
            span.record("request_id", metadata.id.as_str());
            if let Some(trace) = &metadata.trace {
                span.record("trace_id", trace.trace_id());
                span.record("span_id", trace.span_id());
            }
            metadata.store(request);
        }
        span
    }

    #[cfg_attr(
        not(feature = "otlp"),
        expect(unused_variables, reason = "only exported spans carry the outcome")
    )]
    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        #[cfg(feature = "otlp")]
        super::exported_span::end(&span, outcome);
    }
}
