//! Runs the HTTP service: limits and middleware around the application's routes, until it has shut down.

mod workers;

use std::{
    fmt,
    future::{self, Future},
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::Duration,
};

use actix_web::{rt, web::ServiceConfig};
use prometheus::core::Collector;

use self::workers::{Routes, Shared};
use crate::{health::Health, limits::Limits, metrics::Metrics, shutdown::Drain};

/// The message of the log line from whose field `address` tests and tools read where the service listens.
pub const LISTENING: &str = "listening";

type LogListening = Box<dyn FnOnce(SocketAddr)>;

/// An HTTP service: routes, and how to serve them.
pub struct Service {
    name: &'static str,
    build_info: Vec<(&'static str, String)>,
    limits: Limits,
    drain_time: Duration,
    shutdown_timeout: Duration,
    admin_listener: Option<TcpListener>,
    health: Health,
    metrics: Vec<Box<dyn Collector>>,
    routes: Routes,
    log_listening: LogListening,
}

/// Returns the address in a line of the JSON log, if it is the line that a service logs when it listens.
pub fn listening_address(log_line: &serde_json::Value) -> Option<SocketAddr> {
    if log_line["message"] == LISTENING {
        log_line["address"].as_str()?.parse().ok()
    } else {
        None
    }
}

impl Service {
    /// Creates a service without routes. Its name is the prefix of the metrics `<name>_build_info` and `<name>_draining`.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            build_info: Vec::new(),
            limits: Limits::default(),
            drain_time: Duration::from_secs(5),
            shutdown_timeout: Duration::from_secs(20),
            admin_listener: None,
            health: Health::default(),
            metrics: Vec::new(),
            routes: Arc::new(|_| {}),
            log_listening: Box::new(|address| tracing::info!(message = LISTENING, %address)),
        }
    }

    /// Sets the labels of the metric `<name>_build_info`, such as the version.
    #[must_use]
    pub fn build_info(mut self, labels: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.build_info = labels.into_iter().collect();
        self
    }

    /// Sets the limits of requests and connections.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how long the listener stays open after the shutdown began; 5 s by default.
    ///
    /// Idle connections stay open for as long, and close then: their clients have another replica by now. A request that is
    /// in flight at that moment, after its client had been idle for the whole drain time, is the only one that can be lost.
    #[must_use]
    pub fn drain_time(mut self, drain_time: Duration) -> Self {
        self.drain_time = drain_time;
        self
    }

    /// Sets how long requests in flight may take after the drain, rounded up to seconds; 20 s by default.
    #[must_use]
    pub fn shutdown_timeout(mut self, shutdown_timeout: Duration) -> Self {
        self.shutdown_timeout = shutdown_timeout;
        self
    }

    /// Serves the [`admin`](crate::admin) endpoints on a port of their own, and no longer beside the application's routes.
    ///
    /// A thread and connections of their own keep the probes responsive while clients hold every other connection: Kubernetes
    /// would otherwise restart a pod that is only busy. The port stays open until the last request is finished.
    #[must_use]
    pub fn admin_listener(mut self, listener: Option<TcpListener>) -> Self {
        self.admin_listener = listener;
        self
    }

    /// Sets the state by which the application decides what the probes respond.
    #[must_use]
    pub fn health(mut self, health: Health) -> Self {
        self.health = health;
        self
    }

    /// Adds metrics of the application to those that `/metrics` exports.
    #[must_use]
    pub fn metrics<C: Collector + 'static>(mut self, metrics: impl IntoIterator<Item = C>) -> Self {
        let metrics = metrics.into_iter().map(|metric| Box::new(metric) as Box<dyn Collector>);
        self.metrics.extend(metrics);
        self
    }

    /// Sets the application's routes and data. Every worker thread calls `routes` once.
    #[must_use]
    pub fn routes(mut self, routes: impl Fn(&mut ServiceConfig) + Send + Sync + 'static) -> Self {
        self.routes = Arc::new(routes);
        self
    }

    /// Sets how it is logged that the service listens at an address, so that the line has fields of the application:
    /// `tracing::info!(message = LISTENING, %address, version)`.
    #[must_use]
    pub fn log_listening(mut self, log: impl FnOnce(SocketAddr) + 'static) -> Self {
        self.log_listening = Box::new(log);
        self
    }

    /// Serves requests until `shutdown` completes; then drains, finishes the requests in flight, and returns.
    ///
    /// # Errors
    ///
    /// When the operating system refuses a resource such as a thread, or a label of [`Service::build_info`] is invalid.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let metrics = Metrics::new(self.name, &self.build_info, self.metrics).map_err(io::Error::other)?;
        let drain = Drain::default();
        let drained = drain.clone().run(shutdown, self.drain_time);
        let app = Shared {
            limits: self.limits,
            drain,
            health: self.health,
            metrics,
            has_admin: self.admin_listener.is_none(),
            routes: self.routes,
        };
        let admin = match self.admin_listener {
            Some(listener) => {
                tracing::info!(address = %listener.local_addr()?, "admin port listening");
                let server = app
                    .admin()
                    .serve("admin", listener, 1, future::pending(), Duration::ZERO)?;
                let handle = server.handle();
                rt::spawn(server);
                Some(handle)
            }
            None => None,
        };
        (self.log_listening)(listener.local_addr()?);
        let workers = thread::available_parallelism()?.get();
        app.serve(self.name, listener, workers, drained, self.shutdown_timeout)?
            .await?;
        if let Some(admin) = admin {
            admin.stop(false).await;
        }
        tracing::info!("shutdown complete");
        #[cfg(feature = "otlp")]
        crate::otlp::flush();
        Ok(())
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Service")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
