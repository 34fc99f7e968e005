//! Records the metrics that `/metrics` exports in the Prometheus text format.
//!
//! Rate, errors and duration are one histogram: `_count` counts the requests, and the label `status` says which failed.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntGauge, Opts, Registry, TextEncoder, core::Collector};

/// Upper bounds of the histogram's buckets, in seconds. A response takes well under a millisecond, and a body may take up
/// to [`Limits::read_timeout`](crate::Limits::read_timeout) to arrive.
const BUCKETS: [f64; 12] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 2.5, 5.0,
];

/// The metrics of the service. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    /// Requests without a response so far.
    pub in_flight: IntGauge,
    draining: IntGauge,
}

impl Metrics {
    /// Creates the metrics of the service `name`, with the labels of its build, beside those of the application.
    ///
    /// # Errors
    ///
    /// When a name or label is invalid or used twice.
    pub fn new(
        name: &str,
        build_info: &[(&'static str, String)],
        application: Vec<Box<dyn Collector>>,
    ) -> prometheus::Result<Self> {
        let duration = HistogramOpts::new(
            "http_request_duration_seconds",
            "Duration of HTTP requests, from the head to the response.",
        );
        // A service is called `my-service`, and a metric cannot be.
        let name = name.replace('-', "_");
        let metrics = Self {
            registry: Registry::new(),
            requests: HistogramVec::new(duration.buckets(BUCKETS.into()), &["method", "route", "status"])?,
            in_flight: IntGauge::new("http_requests_in_flight", "HTTP requests in flight.")?,
            draining: IntGauge::new(format!("{name}_draining"), "Whether the service is draining: 1 or 0.")?,
        };
        let labels = build_info
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let build_info = Opts::new(format!("{name}_build_info"), "The running build: always 1.");
        let build_info = IntGauge::with_opts(build_info.const_labels(labels.collect()))?;
        build_info.set(1);
        metrics.registry.register(Box::new(build_info))?;
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.in_flight.clone()))?;
        metrics.registry.register(Box::new(metrics.draining.clone()))?;
        for metric in application {
            metrics.registry.register(metric)?;
        }
        Ok(metrics)
    }

    /// Records a request.
    pub fn record(&self, method: &str, route: &str, status: &str, took: Duration) {
        self.requests
            .with_label_values(&[method, route, status])
            .observe(took.as_secs_f64());
    }

    /// Returns all metrics in the Prometheus text format.
    ///
    /// # Errors
    ///
    /// When a metric cannot be encoded.
    pub fn gather(&self, draining: bool) -> prometheus::Result<String> {
        self.draining.set(draining.into());
        let mut families = self.registry.gather();
        #[cfg(target_os = "linux")]
        families.extend(process());
        TextEncoder::new().encode_to_string(&families)
    }
}

/// Returns memory, CPU time, open files and start time of the process, read from `/proc`. The collector is created at the
/// first scrape, since that takes a tenth of the time from exec to the first response.
#[cfg(target_os = "linux")]
fn process() -> Vec<prometheus::proto::MetricFamily> {
    use std::sync::LazyLock;

    use prometheus::process_collector::ProcessCollector;

    static PROCESS: LazyLock<ProcessCollector> = LazyLock::new(ProcessCollector::for_self);
    PROCESS.collect()
}
