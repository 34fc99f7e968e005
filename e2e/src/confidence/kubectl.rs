//! `kubectl` as a person would use it: whatever cluster and namespace it points at, by whatever login, is the right one.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Runs `kubectl` and hands back what it prints.
///
/// # Errors
/// With kubectl's own words, where it cannot be started or does not succeed.
pub async fn run(arguments: &[&str]) -> Result<String> {
    run_with(arguments, "").await
}

/// Asks for an object, or a list of them.
///
/// # Errors
/// As [`run`].
pub async fn get(arguments: &[&str]) -> Result<Value> {
    let text = run(&[&["get", "--output", "json"], arguments].concat()).await?;
    serde_json::from_str(&text).context("kubectl did not print JSON")
}

/// Creates an object from its JSON.
///
/// # Errors
/// As [`run`].
pub async fn create(object: &Value) -> Result<()> {
    run_with(&["create", "--filename", "-"], &object.to_string()).await?;
    Ok(())
}

async fn run_with(arguments: &[&str], input: &str) -> Result<String> {
    let mut child = Command::new("kubectl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .process_group(0) // a Ctrl-C at the terminal is for us alone: what was changed is put back by kubectl
        .spawn()
        .context("kubectl cannot be started: install it, and point it at a cluster")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("kubectl {}: {}", arguments.join(" "), said.trim());
    }
    String::from_utf8(output.stdout).context("kubectl did not print text")
}
