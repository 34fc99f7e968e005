//! A real server process, tested over HTTP: one test for each behaviour. It runs the example `fixture`.
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

mod crowd;
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

/// Returns the program that [`server::Server`] starts, in an environment without variables.
fn program() -> Command {
    let mut command = Command::new(example("fixture"));
    command.env_clear();
    command
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
