//! The attributes of an exported span
//! ([semantic conventions](https://opentelemetry.io/docs/specs/semconv/http/http-spans/)).

use actix_web::{
    Error,
    dev::{ServiceRequest, ServiceResponse},
    http::header::HeaderMap,
};
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{Status, TraceContextExt},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{request_metadata::RequestMetadata, trace_context::TraceContext};

/// Adds the span of a request to the caller's trace, if there is one, and sets the attributes of the request. The request
/// gets the ids of the exported span. Where spans are not exported, it keeps those of the caller.
pub fn begin(span: &Span, request: &ServiceRequest) {
    let metadata = RequestMetadata::new(request);
    // The library itself accepts ids that are too short.
    if metadata.trace.is_some() {
        let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(request.headers()));
        // It fails only for a span that has started.
        let _ = span.set_parent(caller);
    }
    span.record("request_id", metadata.id.as_str());
    let exported = span.context();
    let exported = exported.span();
    // A subscriber without the layer of OpenTelemetry may enable the span too.
    if !exported.span_context().is_valid() {
        return;
    }
    exported.update_name(format!("{} {}", metadata.method, metadata.route));
    exported.set_attribute(KeyValue::new("http.request.method", metadata.method));
    exported.set_attribute(KeyValue::new("http.route", metadata.route.clone()));
    let metadata = RequestMetadata {
        trace: Some(TraceContext::exported(exported.span_context())),
        ..metadata
    };
    metadata.store(request);
}

/// Sets the attributes of the response.
pub fn end<B>(span: &Span, outcome: &Result<ServiceResponse<B>, Error>) {
    let status = match outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

/// The headers of a request, as the library reads them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
