//! The export of spans to an OpenTelemetry collector, as OTLP over HTTP: only with the feature `otlp`.
//!
//! Where the collector is, and how much is sent, is told by the variables that all of OpenTelemetry shares, such as
//! `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_TRACES_SAMPLER`
//! ([specification](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)).

use std::{io, sync::OnceLock};

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider},
};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::trace_context::TraceContext;

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
    Ok(tracing_opentelemetry::layer().with_tracer(tracer))
}

/// Makes a span a part of the caller's trace.
pub fn continue_trace(span: &Span, trace: &TraceContext) {
    let ids = TraceId::from_hex(trace.trace_id())
        .ok()
        .zip(SpanId::from_hex(trace.parent_id()).ok());
    if let Some((trace_id, parent_id)) = ids {
        let flags = TraceFlags::new(u8::from_str_radix(trace.flags(), 16).unwrap_or_default());
        let caller = SpanContext::new(trace_id, parent_id, flags, true, TraceState::NONE);
        // It fails only for a span that has begun.
        let _ = span.set_parent(Context::new().with_remote_span_context(caller));
    }
}

/// Sends what is not yet sent. The last that the process does.
pub fn flush() {
    if let Some(Err(error)) = PROVIDER.get().map(SdkTracerProvider::shutdown) {
        tracing::warn!(%error, "spans were lost");
    }
}
