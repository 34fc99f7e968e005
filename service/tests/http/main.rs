//! A real server process, tested over HTTP: one test for each behaviour. It runs the example `hello`, and `fixture` where a test
//! needs what `hello` does not have.
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

// The tests of applications share the module `server`, and depend on this crate under this name.
extern crate actix_kube_service as service;

mod crowd;
mod disconnect;
mod drain;
mod expect;
mod headers;
mod hello;
mod hostile;
mod log;
mod metrics;
mod panics;
mod pipelining;
mod probes;
mod problems;
mod raw;
mod server;
mod slow;
mod upgrade;

use std::{env, fs, path::PathBuf};

use tokio::process::Command;

use crate::server::Server;

/// The address that takes a free port.
const FREE_PORT: &str = "127.0.0.1:0";

/// Returns the program that [`Server`] starts, in an environment with these variables alone, such as `DRAIN_SECONDS=0`.
fn program(variables: &[&str]) -> Command {
    let mut command = with_variables("hello", variables);
    command.env("ADDRESS", FREE_PORT);
    command
}

/// Returns the command that runs an example in an environment with these variables alone.
fn with_variables(example_name: &str, variables: &[&str]) -> Command {
    let mut command = Command::new(example(example_name));
    let variables = variables.iter().filter_map(|variable| variable.split_once('='));
    command.env_clear();
    command.envs(variables);
    command
}

impl Server {
    /// Starts the example `fixture`.
    async fn fixture(variables: &[&str]) -> Self {
        Self::start_command(with_variables("fixture", variables)).await
    }
}

/// Returns the path of an example of this crate, which `cargo test` builds.
fn example(name: &str) -> PathBuf {
    let this = env::current_exe().unwrap();
    let example = this.ancestors().nth(2).unwrap().join("examples").join(name);
    // A test of an old one would prove nothing.
    let modified = |path: &str| fs::metadata(path).and_then(|file| file.modified());
    let sources = fs::read_to_string(example.with_extension("d")).unwrap_or_default();
    let built = modified(example.to_str().unwrap()).ok();
    let is_current = |source| modified(source).ok() <= built;
    assert!(
        built.is_some() && sources.split_whitespace().skip(1).all(is_current),
        "{} is missing or old. `cargo test` builds it; `cargo test --test http` does not",
        example.display()
    );
    example
}
