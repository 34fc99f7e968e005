#![doc = include_str!("../README.md")]
//! ## Modules
//! * [`server`]: runs the HTTP service until it has shut down; [`listener`]: binds its port
//! * [`shutdown`]: signals and the drain
//! * [`limits`]: the limits of requests and connections, with defaults
//! * [`routes`]: resources that reject other methods with a problem document; [`body`]: reads a request's body
//! * [`rejection`]: the errors of the protocol as problem documents
//! * [`admin`]: the endpoints `/healthz`, `/readyz` and `/metrics`; [`health`]: what the probes respond
//! * [`logging`]: JSON lines or text, written by a thread of its own
//! * `openapi` (feature): routes with their description; `otlp` (feature): exports spans
//!
//! A request arrives on a connection (`connection`), passes the middleware (`middleware`), and reaches the handler that
//! [`Service::routes`] chose.
#![warn(missing_docs)]
#![deny(rustdoc::private_intra_doc_links)] // published: see docs in scripts/checks

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
