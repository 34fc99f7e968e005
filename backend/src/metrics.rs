//! `GET /metrics`: what operators watch, in the Prometheus text format.
//!
//! Rate, errors and duration are one histogram: `_count` counts the requests, and `status` tells which failed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpResponse, web};
use api::{BuildInfo, path};
use parking_lot::Mutex;
use prometheus::{
    HistogramOpts, HistogramVec, IntGauge, Opts, Registry, TEXT_FORMAT, TextEncoder, local::LocalHistogramVec,
};

use crate::{error::Error, openapi::AnyProblem, replica::Replica};

/// Upper bounds of the histogram's buckets, in seconds. An answer takes well under a millisecond, and a body may take up to
/// [`limits::ARRIVAL_TIME`](crate::limits::ARRIVAL_TIME) to arrive.
const BUCKETS: [f64; 12] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 2.5, 5.0,
];

/// The replica's metrics. Clones are the same metrics.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    in_flight: IntGauge,
    draining: IntGauge,
    counters: Arc<Mutex<Vec<Counter>>>,
}

/// What one worker thread has counted, until the metrics are asked for. Threads that count in the same place slow each
/// other down. Clones are the same counter.
#[derive(Debug, Clone)]
pub struct Counter(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    requests: Mutex<LocalHistogramVec>,
    in_flight: AtomicI64,
}

/// Counts a request as in flight for as long as it lives, also where its client goes away.
#[derive(Debug)]
pub struct InFlight<'counter>(&'counter Counter);

impl Metrics {
    /// Metrics of which nothing is counted yet.
    ///
    /// # Errors
    ///
    /// When two metrics have the same name, or one has a bad name.
    pub fn new(build: &BuildInfo) -> prometheus::Result<Self> {
        let duration = HistogramOpts::new("http_request_duration_seconds", "How long requests took to answer.");
        let build_info = Opts::new("backend_build_info", "The build that runs: always 1.");
        let metrics = Self {
            registry: Registry::new(),
            requests: HistogramVec::new(duration.buckets(BUCKETS.into()), &["method", "route", "status"])?,
            in_flight: IntGauge::new("http_requests_in_flight", "Requests that are being answered.")?,
            draining: IntGauge::new("backend_draining", "Whether the replica drains before it ends: 1 or 0.")?,
            counters: Arc::default(),
        };
        let build_info = build_info
            .const_label("version", &build.version)
            .const_label("commit", &build.commit);
        let build_info = IntGauge::with_opts(build_info)?;
        build_info.set(1);
        metrics.registry.register(Box::new(build_info))?;
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.in_flight.clone()))?;
        metrics.registry.register(Box::new(metrics.draining.clone()))?;
        Ok(metrics)
    }

    /// A counter for one more worker thread.
    pub fn counter(&self) -> Counter {
        let counter = Counter(Arc::new(Counted {
            requests: Mutex::new(self.requests.local()),
            in_flight: AtomicI64::new(0),
        }));
        self.counters.lock().push(counter.clone());
        counter
    }

    /// All metrics as text.
    fn gather(&self, draining: bool) -> prometheus::Result<String> {
        let counters = self.counters.lock();
        for Counter(counted) in &*counters {
            counted.requests.lock().flush();
        }
        let in_flight = counters
            .iter()
            .map(|Counter(counted)| counted.in_flight.load(Ordering::Relaxed));
        self.in_flight.set(in_flight.sum());
        self.draining.set(draining.into());
        let mut families = self.registry.gather();
        #[cfg(target_os = "linux")]
        families.extend(process());
        TextEncoder::new().encode_to_string(&families)
    }
}

impl Counter {
    /// Counts a request as in flight until what this returns is dropped.
    pub fn begin(&self) -> InFlight<'_> {
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// Counts a request as answered.
    pub fn answered(&self, method: &str, route: &str, status: &str, took: Duration) {
        let mut requests = self.0.requests.lock();
        requests
            .with_label_values(&[method, route, status])
            .observe(took.as_secs_f64());
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let Self(Counter(counted)) = self;
        counted.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Memory, processor time, open files and start time of the process, as the library reads them from `/proc`. That reading takes a
/// tenth of the time in which a replica starts, and is therefore left until somebody asks.
#[cfg(target_os = "linux")]
fn process() -> Vec<prometheus::proto::MetricFamily> {
    use std::sync::LazyLock;

    use prometheus::{core::Collector, process_collector::ProcessCollector};

    static PROCESS: LazyLock<ProcessCollector> = LazyLock::new(ProcessCollector::for_self);
    PROCESS.collect()
}

/// Answers with all metrics.
#[utoipa::path(get, path = path::METRICS, responses(
    (status = 200, description = "The metrics, in the Prometheus text format.", body = String),
    AnyProblem,
))]
pub async fn metrics(replica: web::Data<Replica>) -> Result<HttpResponse, Error> {
    let text = replica.metrics.gather(replica.drain.is_draining()).map_err(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        Error::Internal
    })?;
    Ok(HttpResponse::Ok().content_type(TEXT_FORMAT).body(text))
}
