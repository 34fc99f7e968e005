//! A backend replica: a process of the built binary, on a port of its own.

use std::{env, net::SocketAddr, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use service::server::listening_address;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A running replica, killed when dropped.
#[derive(Debug)]
pub struct BackendProcess {
    process: Child,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl BackendProcess {
    /// Starts a replica with this pod name and version, without the variables of the caller, and waits until it listens.
    pub async fn start(pod: &str, version: &str) -> Result<Self> {
        Self::start_with(pod, version, &[]).await
    }

    /// Starts a replica that never becomes ready.
    pub async fn start_never_ready(pod: &str, version: &str) -> Result<Self> {
        Self::start_with(pod, version, &["--never-ready"]).await
    }

    async fn start_with(pod: &str, version: &str, flags: &[&str]) -> Result<Self> {
        let binary = binary()?;
        let mut process = Command::new(&binary)
            .args(flags)
            .env_clear()
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
        // A full pipe would make the replica drop log lines.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        Ok(Self { process, address })
    }

    /// Sends SIGTERM, as Kubernetes does to end a pod.
    pub fn terminate(&self) -> Result<()> {
        let pid = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        kill_process(pid.context("it has ended")?, Signal::TERM).context("the process is ours to end")
    }

    /// Kills it as a power cut would: without draining.
    pub async fn kill(mut self) -> Result<()> {
        self.process.kill().await.context("the process is ours to kill")
    }
}

/// Reads the log up to the line with the address that the replica listens on.
async fn listening(log: &mut Lines<BufReader<ChildStdout>>) -> Result<SocketAddr> {
    while let Some(line) = log.next_line().await? {
        let line = serde_json::from_str(&line).with_context(|| format!("the log line is not JSON: {line}"))?;
        if let Some(address) = listening_address(&line) {
            return Ok(address);
        }
    }
    bail!("the backend exited before it listened")
}

/// Returns the path of the backend's binary, which Cargo puts one folder above this test's executable.
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
