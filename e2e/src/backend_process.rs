//! A backend replica as a process of its own: the binary that was built, with a port of its own.

use std::{env, net::SocketAddr, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A running replica. It ends when it is dropped.
#[derive(Debug)]
pub struct BackendProcess {
    process: Child,
    /// Where it answers.
    pub address: SocketAddr,
}

impl BackendProcess {
    /// Starts a replica that answers as `pod` of `version`, and waits until it listens.
    pub async fn start(pod: &str, version: &str) -> Result<Self> {
        let binary = binary()?;
        let mut process = Command::new(&binary)
            .env("K8S_DEMO_PORT", "0")
            .env("K8S_DEMO_POD_NAME", pod)
            .env("K8S_DEMO_VERSION", version)
            .env("K8S_DEMO_LOG_FORMAT", "json")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} does not start", binary.display()))?;
        let output = process.stdout.take().context("its output is a pipe")?;
        let mut log = BufReader::new(output).lines();
        let address = listening(&mut log).await?;
        // Reads the rest of the log, which would otherwise fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        Ok(Self { process, address })
    }

    /// Ends it as a power cut would: SIGKILL, no draining.
    pub async fn kill(mut self) -> Result<()> {
        self.process.kill().await.context("the process is ours to kill")
    }
}

/// Reads the log up to the line that tells where the replica listens.
async fn listening(log: &mut Lines<BufReader<ChildStdout>>) -> Result<SocketAddr> {
    while let Some(line) = log.next_line().await? {
        let line: Value = serde_json::from_str(&line).with_context(|| format!("not a line of JSON: {line}"))?;
        if let (Some("listening"), Some(address)) = (line["message"].as_str(), line["address"].as_str()) {
            return address.parse().context("the log tells where it listens");
        }
    }
    anyhow::bail!("the backend ended before it listened")
}

/// The backend's binary lies where Cargo puts it: one folder above this test's executable.
fn binary() -> Result<PathBuf> {
    let here = env::current_exe()?;
    let folder = here
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps") && !folder.ends_with("examples"))
        .context("an executable lies in a folder")?;
    let binary = folder.join("backend");
    ensure!(
        binary.is_file(),
        "{} is missing: type `cargo build --package backend` first",
        binary.display()
    );
    Ok(binary)
}
