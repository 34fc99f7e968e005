//! The export of spans to an OpenTelemetry collector, as OTLP over HTTP: only with the feature `otlp`.
//!
//! The standard variables of OpenTelemetry set the collector's address and the sampling, such as
//! `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_TRACES_SAMPLER`
//! ([specification](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)).
//!
//! An `https://` collector is verified by the certificates of the system. An image without any needs them mounted, and their
//! path in `SSL_CERT_FILE`.

use std::{
    error::Error,
    fmt, io, iter,
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use opentelemetry::{Key, KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{self, SdkTracerProvider, SpanData},
};
use parking_lot::Mutex;
use reqwest::blocking::Client;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

/// How often failed exports are logged. There is one every few seconds while the collector is down.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

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
    // The blocking client has a runtime of its own, which may not be created on a thread of another.
    let client = thread::spawn(http_client).join().map_err(|_| io::ErrorKind::Other)??;
    let exporter = SpanExporter::builder().with_http().with_http_client(client).build();
    let exporter = LoggedExporter {
        exporter: exporter.map_err(io::Error::other)?,
        failures: Mutex::default(),
    };
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

/// Creates the client that sends spans, with the certificates of the system where there are some.
fn http_client() -> io::Result<Client> {
    // It fails where the application has installed one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().build().or_else(|error| {
        tracing::debug!(error = %Causes(&error), "no https:// collector can be verified: set SSL_CERT_FILE");
        Client::builder().tls_certs_only([]).build()
    });
    client.map_err(io::Error::other)
}

/// Logs that spans are lost, which the library leaves to the exporter.
#[derive(Debug)]
struct LoggedExporter {
    exporter: SpanExporter,
    failures: Mutex<Failures>,
}

/// The failed exports since the last log line.
#[derive(Debug, Default)]
struct Failures {
    spans: usize,
    logged_at: Option<Instant>,
}

impl trace::SpanExporter for LoggedExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let outcome = self.exporter.export(batch).await;
        if let Err(error) = &outcome {
            let mut failures = self.failures.lock();
            failures.spans += spans;
            if failures
                .logged_at
                .is_none_or(|logged_at| logged_at.elapsed() >= LOG_INTERVAL)
            {
                tracing::warn!(spans = failures.spans, error = %Causes(error), "cannot export spans: they are lost");
                *failures = Failures {
                    spans: 0,
                    logged_at: Some(Instant::now()),
                };
            }
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// An error and its causes.
struct Causes<'error>(&'error dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        iter::successors(self.0.source(), |&error| error.source()).try_for_each(|cause| write!(formatter, ": {cause}"))
    }
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
