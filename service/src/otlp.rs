//! The export of spans to an OpenTelemetry collector, as OTLP over HTTP: only with the feature `otlp`.
//!
//! The standard variables of OpenTelemetry set the collector's address and the sampling, such as
//! `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_TRACES_SAMPLER`
//! ([specification](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)).
//!
//! An `https://` collector is verified by the certificates of the system. An image without any needs them mounted, and their
//! path in `SSL_CERT_FILE`.

use std::{
    io,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use opentelemetry::{Key, KeyValue, trace::TracerProvider};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{self, SdkTracerProvider, SpanData},
};
use parking_lot::Mutex;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};

/// How long one export may take: the default of OpenTelemetry's specification.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

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
    let client = Arc::new(client());
    let exporter = SpanExporter::builder()
        .with_http()
        .with_shared_http_client(client.clone())
        .build();
    let exporter = LoggedExporter {
        exporter: exporter.map_err(io::Error::other)?,
        client,
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

/// Creates the client that sends spans. It loads the certificates of the system when it first connects to an `https://` collector.
fn client() -> Client {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(EXPORT_TIMEOUT))
        .http_status_as_error(false)
        .build();
    Client {
        agent: config.new_agent(),
        failure: Mutex::default(),
    }
}

/// A client that blocks, because the thread that exports has no runtime.
#[derive(Debug)]
struct Client {
    agent: Agent,
    /// Why the last request failed. The library's error hides it.
    failure: Mutex<Option<String>>,
}

impl Client {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let response = self.agent.run(Request::from_parts(parts, body.as_ref()))?;
        let (parts, mut body) = response.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let outcome = self.send(request);
        *self.failure.lock() = outcome.as_ref().err().map(ToString::to_string);
        Ok(outcome?)
    }
}

/// Logs that spans are lost, which the library leaves to the exporter.
#[derive(Debug)]
struct LoggedExporter {
    exporter: SpanExporter,
    client: Arc<Client>,
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
                let error = self.client.failure.lock().take().unwrap_or_else(|| error.to_string());
                tracing::warn!(spans = failures.spans, error, "cannot export spans: they are lost");
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
