//! The program on the cluster that kubectl points at, which runs the application at v1 and has the images of v2 and
//! `debian-nginx:v1` and `kubectl-confidence`: `scripts/checks images_built cluster proof`.
//!
//! * [`application`]: this application
//! * [`foreign`]: Debian's nginx, as a Deployment and as a StatefulSet
//! * [`rights`]: neighbours, and users who may not do everything

mod application;
mod foreign;
mod rights;

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::{process::Command, sync::Mutex, time::timeout};

/// There is one cluster, and one test at a time has it.
static CLUSTER: Mutex<()> = Mutex::const_new(());

/// How long a run may take.
const RUN_TIMEOUT: Duration = Duration::from_secs(300);

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../k8s");
const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/k8s-demo.toml");

fn program(plan: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-confidence"));
    command
        .args(["--plan", plan, "--yes", "--duration", "1s", "--wait", "2m"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs the program, and checks its exit code and what it prints.
async fn run(plan: &str, arguments: &[&str], exit_code: i32, expected: &[&str]) -> Result<String> {
    let output = timeout(RUN_TIMEOUT, program(plan, arguments).output()).await;
    let output = output.with_context(|| format!("{arguments:?}: no end after {RUN_TIMEOUT:?}"))??;
    let text = printed(&output);
    ensure!(output.status.code() == Some(exit_code), "{}: {text}", output.status);
    for expected in expected {
        ensure!(text.contains(expected), "{expected}: {text}");
    }
    Ok(text)
}

fn printed(output: &Output) -> String {
    [&output.stderr, &output.stdout]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

async fn kubectl(arguments: &[&str]) -> Result<String> {
    let output = timeout(RUN_TIMEOUT, Command::new("kubectl").args(arguments).output()).await;
    let output = output.with_context(|| format!("kubectl {arguments:?}: no end"))??;
    ensure!(output.status.success(), "kubectl {arguments:?}: {}", printed(&output));
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns a field of an object.
async fn field(object: &str, path: &str) -> Result<String> {
    let path = format!("jsonpath={{{path}}}");
    kubectl(&["get", object, "--output", &path]).await
}

fn example(file: &str) -> String {
    format!("{}/examples/{file}", env!("CARGO_MANIFEST_DIR"))
}
