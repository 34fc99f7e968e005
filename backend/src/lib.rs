//! The server that answers submissions, and drains before it ends.
//!
//! A request comes in at [`startup`] on a [`connection`], passes the [`layer`] around every handler, and [`routes`] says
//! which handler answers it.
//!
//! * [`settings`]: every flag and environment variable, read once
//! * [`startup`]: the listener and the server
//! * [`connection`]: how long it waits for its client, and for how much
//! * [`routes`]: which handler answers what
//! * [`submissions`], [`probes`], [`metrics`], [`version`], [`openapi`]: the handlers
//! * [`body`], [`accept`], [`html`]: how a submission is read, and how its answer is written
//! * [`error`]: everything that can be wrong with a request, and the problem document that says so
//! * [`layer`], [`limits`], [`panics`]: what happens around every handler
//! * [`request_context`], [`request_id`], [`trace_context`], [`request_span`]: what is known of a request, and logged
//! * [`replica`]: what all requests share
//! * [`drain`], [`signals`]: the end of the process
//! * [`log`]: where log lines go, and what they look like; `otlp`, a feature: where spans go

pub mod accept;
pub mod body;
pub mod connection;
pub mod drain;
pub mod error;
pub mod html;
pub mod layer;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod openapi;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod panics;
pub mod probes;
pub mod replica;
pub mod request_context;
pub mod request_id;
pub mod request_span;
pub mod routes;
pub mod settings;
pub mod signals;
pub mod startup;
pub mod submissions;
pub mod trace_context;
pub mod version;

pub use settings::Settings;
