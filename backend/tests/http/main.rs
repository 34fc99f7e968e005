//! The real server, asked over HTTP: one test a behaviour.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod crowd;
mod drain;
mod headers;
mod hostile;
mod log;
mod metrics;
mod openapi;
mod panics;
mod pipelining;
mod probes;
mod problems;
mod raw;
mod server;
mod settings;
mod slow;
mod submissions;
