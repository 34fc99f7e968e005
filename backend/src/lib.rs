//! The application: responds to submissions with a message. Everything that is not specific to it is in the crate `service`.
//!
//! * [`settings`]: every flag and environment variable, read once
//! * [`app`]: the routes; [`state`]: the data they share
//! * [`routes`]: the handlers, a file each
//! * [`submission`]: parses a submission, and renders its response as HTML
//! * [`faults`]: the faults that a replica injects into itself on request
//! * [`check_health`]: the program's health check of itself, for containers
//! * [`error`]: the errors of this application as problem documents

pub mod app;
pub mod check_health;
pub mod error;
pub mod faults;
pub mod routes;
pub mod settings;
pub mod state;
pub mod submission;

pub use settings::Settings;
