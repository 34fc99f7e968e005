//! The export of spans to an OpenTelemetry collector, as OTLP over HTTP: only with the feature `otlp`.
//!
//! Where the collector is, and how much is sent, is told by the variables that all of OpenTelemetry shares, such as
//! `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_TRACES_SAMPLER`
//! ([specification](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)).

use std::{io, sync::OnceLock};

use actix_web::{Error, dev::ServiceResponse};
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider},
};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Span, Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::{request_context::RequestContext, trace_context::TraceContext};

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that exports the spans of requests.
///
/// # Errors
///
/// When the variables make no sense.
pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> io::Result<impl Layer<S>> {
    let exporter = SpanExporter::builder().with_http().build().map_err(io::Error::other)?;
    let resource = Resource::builder().with_service_name("k8s-demo-backend").build();
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build();
    let tracer = PROVIDER.get_or_init(|| provider).tracer("backend");
    // Whatever the log leaves out; but nothing of what libraries trace for their own sake.
    Ok(tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_filter(LevelFilter::INFO))
}

/// Makes the span of a request a part of the caller's trace, where there is one, and says what was asked for
/// ([semantic conventions](https://opentelemetry.io/docs/specs/semconv/http/http-spans/)).
pub fn begin(span: &Span, context: RequestContext) {
    if let Some(caller) = context.trace.as_ref().and_then(caller) {
        // It fails only for a span that has begun.
        let _ = span.set_parent(Context::new().with_remote_span_context(caller));
    }
    span.set_attribute("http.request.method", context.method);
    span.set_attribute("http.route", context.route);
}

/// Says in the span of a request what was answered.
pub fn end<B>(span: &Span, outcome: &Result<ServiceResponse<B>, Error>) {
    let status = match outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
}

fn caller(trace: &TraceContext) -> Option<SpanContext> {
    let trace_id = TraceId::from_hex(trace.trace_id()).ok()?;
    let parent_id = SpanId::from_hex(trace.parent_id()).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(trace.flags(), 16).ok()?);
    Some(SpanContext::new(trace_id, parent_id, flags, true, TraceState::NONE))
}

/// Sends what is not yet sent. The last that the process does.
pub fn flush() {
    if let Some(Err(error)) = PROVIDER.get().map(SdkTracerProvider::shutdown) {
        tracing::warn!(%error, "spans were lost");
    }
}
