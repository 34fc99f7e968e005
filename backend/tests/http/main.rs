//! The backend's process, tested over HTTP: one test for each behaviour. Those of every service are in `service/tests`.
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

mod faults;
mod log;
mod malformed;
mod metrics;
mod openapi;
mod problems;
#[path = "../../../service/tests/http/server.rs"]
#[expect(dead_code, reason = "the tests of the service use the rest of it")]
mod server;
mod settings;
mod submissions;
mod version;

use reqwest::{Body, RequestBuilder};
use tokio::process::Command;

use crate::server::Server;

/// Returns the program that [`Server`] starts, with more flags, in an environment without variables.
fn program(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
    command
        .env_clear()
        .args(["--port", "0", "--log-format", "json", "--pod-name", "pod-a"])
        .args(["--app-version", "v7", "--commit", "c0ffee"])
        .args(flags);
    command
}

/// Returns a submission that is not yet sent.
fn submit(server: &Server, content_type: &str, body: impl Into<Body>) -> RequestBuilder {
    server.post("/api/submissions", content_type, body)
}
