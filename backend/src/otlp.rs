//! The export of spans to an OpenTelemetry collector, as OTLP over HTTP: only with the feature `otlp`.
//!
//! Where the collector is, and how much is sent, is told by the variables that all of OpenTelemetry shares, such as
//! `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_TRACES_SAMPLER`
//! ([specification](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)).

use std::{io, sync::OnceLock};

use actix_web::{
    Error,
    dev::{ServiceRequest, ServiceResponse},
    http::header::HeaderMap,
};
use opentelemetry::{
    Context, Key, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{Status, TraceContextExt, TracerProvider},
};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::{Span, Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use crate::{Settings, layer, request_context::RequestContext, trace_context::TraceContext};

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that exports the spans of requests, and what handlers log as their events.
///
/// # Errors
///
/// When the variables make no sense.
pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(settings: &Settings) -> io::Result<impl Layer<S>> {
    let exporter = SpanExporter::builder().with_http().build().map_err(io::Error::other)?;
    let provider = SdkTracerProvider::builder()
        .with_resource(resource(settings))
        .with_batch_exporter(exporter)
        .build();
    let tracer = PROVIDER.get_or_init(|| provider).tracer("backend");
    // Whatever the log leaves out; but nothing of what libraries trace for their own sake, and not the request's own line,
    // which says what its span says.
    let filter = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target(layer::TARGET, LevelFilter::OFF);
    Ok(tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(filter))
}

/// What a collector knows of this replica
/// ([semantic conventions](https://opentelemetry.io/docs/specs/semconv/resource/service/)).
fn resource(settings: &Settings) -> Resource {
    let told = Resource::builder().build();
    // Where no variable names the service, the library calls it unknown.
    let is_named = told
        .get(&Key::new("service.name"))
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let resource = Resource::builder().with_attributes([
        KeyValue::new("service.version", settings.app_version.clone()),
        KeyValue::new("service.instance.id", settings.pod_name.clone()),
    ]);
    if is_named {
        resource.build()
    } else {
        resource.with_service_name("k8s-demo-backend").build()
    }
}

/// Makes the span of a request a part of the caller's trace, where there is one, and says what was asked for
/// ([semantic conventions](https://opentelemetry.io/docs/specs/semconv/http/http-spans/)). Returns the context with the ids
/// under which the span is exported.
pub fn begin(span: &Span, request: &ServiceRequest, context: RequestContext) -> RequestContext {
    // By itself the library would also take ids that are too short.
    if context.trace.is_some() {
        let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(request.headers()));
        // It fails only for a span that has begun.
        let _ = span.set_parent(caller);
    }
    span.record("otel.kind", "server");
    let exported = span.context();
    let exported = exported.span();
    exported.update_name(format!("{} {}", context.method, context.route));
    exported.set_attribute(KeyValue::new("http.request.method", context.method));
    exported.set_attribute(KeyValue::new("http.route", context.route.clone()));
    RequestContext {
        trace: Some(TraceContext::exported(exported.span_context())),
        ..context
    }
}

/// Says in the span of a request what was answered.
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

/// A request's headers, as the library wants to ask for them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

/// Sends what is not yet sent. The last that the process does.
pub fn flush() {
    if let Some(Err(error)) = PROVIDER.get().map(SdkTracerProvider::shutdown) {
        tracing::warn!(%error, "spans were lost");
    }
}
