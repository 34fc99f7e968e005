//! Commands of the user.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// Runs a command of the user by a shell.
pub async fn shell(command: &str) -> Result<()> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .process_group(0)
        .output()
        .await
        .context("cannot start sh")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command}: {} {}",
        output.status,
        stderr.trim()
    );
    Ok(())
}
