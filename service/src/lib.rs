//! The parts of an actix-web service on Kubernetes that do not depend on what it does.
//!
//! A service built on this crate drains before it shuts down, answers Kubernetes' probes, exports Prometheus metrics, writes one
//! JSON log line a request, gives every request an id, and survives slow, malformed and oversized requests. Every error
//! response is a [problem document](problem::Problem). `examples/hello.rs` is a complete service.
//!
//! A request arrives on a [`connection`], passes the [`middleware`], and reaches the handler that [`Service::routes`] chose.
//!
//! * [`server`]: runs the HTTP service until it has shut down; [`listener`]: binds its port
//! * [`shutdown`]: signals and the drain
//! * [`limits`]: the limits of requests and connections, with defaults
//! * [`connection`]: HTTP/1.1 on one connection, one request at a time, with timeouts
//! * [`middleware`]: request ids, trace context, panics, metrics, the log line, response headers
//! * [`admin`]: the endpoints `/healthz`, `/readyz` and `/metrics`; [`metrics`]: the recorder
//! * [`health`]: the answers of the probes, as far as the application decides them
//! * [`routes`]: resources that reject other methods with a problem document; [`body`]: reads a request's body
//! * [`rejection`]: the errors of the protocol as problem documents
//! * [`logging`]: JSON lines or text, written by a thread of its own
//! * `openapi` (feature): routes with their description; `otlp` (feature): exports spans

pub mod admin;
pub mod body;
mod connection;
pub mod health;
pub mod limits;
pub mod listener;
pub mod logging;
mod metrics;
mod middleware;
#[cfg(feature = "openapi")]
pub mod openapi;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod rejection;
pub mod routes;
pub mod server;
pub mod shutdown;

pub use limits::Limits;
pub use logging::Logging;
pub use rejection::Rejection;
pub use server::Service;
