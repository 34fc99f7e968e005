//! A backend replica: a process of the built binary, on a port of its own.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use anyhow::{Result, ensure};
use local::replica::{Replica, backend};
use tokio::{process::Command, time::sleep};

/// The pause before a starting replica is probed again.
const PROBE_INTERVAL: Duration = Duration::from_millis(20);

/// A running replica, killed when dropped.
#[derive(Debug)]
pub struct BackendProcess {
    process: Replica,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The address of its probes and metrics.
    pub admin: SocketAddr,
}

impl BackendProcess {
    /// Starts a replica with this pod name and version, without the variables of the caller, and waits until it listens.
    pub async fn start(pod: &str, version: &str) -> Result<Self> {
        Self::start_with(pod, version, &[]).await
    }

    /// Starts a replica with further flags.
    pub async fn start_with(pod: &str, version: &str, flags: &[&str]) -> Result<Self> {
        let mut program = Command::new(backend()?);
        program.args(flags).env_clear().stdout(Stdio::null());
        let mut process = Replica::start(program, pod, version)?;
        while !process.probes.is_live().await {
            ensure!(!process.has_exited()?, "the backend exited before it listened");
            sleep(PROBE_INTERVAL).await;
        }
        let (address, admin) = (process.address, process.probes.0);
        Ok(Self {
            process,
            address,
            admin,
        })
    }

    /// Sends SIGTERM, as Kubernetes does to end a pod.
    pub fn terminate(&self) {
        self.process.send_sigterm();
    }

    /// Kills it as a power cut would: without draining.
    pub async fn kill(mut self) -> Result<()> {
        self.process.kill().await;
        Ok(())
    }
}
