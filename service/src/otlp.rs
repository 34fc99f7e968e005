//! The export of spans to an OpenTelemetry collector, as OTLP over HTTP: only with the feature `otlp`.
//!
//! The standard variables of OpenTelemetry set the collector's address and the sampling, such as
//! `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_TRACES_SAMPLER`
//! ([specification](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)).

use std::{io, sync::OnceLock};

use opentelemetry::{Key, KeyValue, trace::TracerProvider};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The service as a collector sees it
/// ([semantic conventions](https://opentelemetry.io/docs/specs/semconv/resource/service/)).
#[derive(Debug, Clone)]
pub struct Identity {
    /// The service's name, unless a variable such as `OTEL_SERVICE_NAME` sets another.
    pub name: String,
    /// The attribute `service.version`.
    pub version: String,
    /// The attribute `service.instance.id`.
    pub instance: String,
}

/// Returns the layer that exports the spans of requests, and the events that handlers log as their events. `excluded` is
/// the target of events that are not exported.
///
/// # Errors
///
/// When the variables are invalid.
pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(
    identity: Identity,
    excluded: &'static str,
) -> io::Result<impl Layer<S>> {
    let exporter = SpanExporter::builder().with_http().build().map_err(io::Error::other)?;
    let provider = SdkTracerProvider::builder()
        .with_resource(resource(identity))
        .with_batch_exporter(exporter)
        .build();
    let tracer = PROVIDER.get_or_init(|| provider).tracer("service");
    // Independent of the log's level. Neither the debug spans of libraries, nor the log line of the request, which repeats its span.
    let filter = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target(excluded, LevelFilter::OFF);
    Ok(tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(filter))
}

fn resource(identity: Identity) -> Resource {
    let configured = Resource::builder().build();
    // Where no variable names the service, the library calls it unknown.
    let is_named = configured
        .get(&Key::new("service.name"))
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let resource = Resource::builder().with_attributes([
        KeyValue::new("service.version", identity.version),
        KeyValue::new("service.instance.id", identity.instance),
    ]);
    if is_named {
        resource.build()
    } else {
        resource.with_service_name(identity.name).build()
    }
}

/// Sends the remaining spans. Called once, at the end of the process.
pub fn flush() {
    if let Some(Err(error)) = PROVIDER.get().map(SdkTracerProvider::shutdown) {
        tracing::warn!(%error, "cannot send the remaining spans");
    }
}
