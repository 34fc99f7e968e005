//! A backend replica: a process of the built binary, on a port of its own.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use anyhow::{Result, bail};
use local::replica::{Replica, backend};
use tokio::{process::Command, time::sleep};

/// The pause before a starting replica is probed again.
const PROBE_INTERVAL: Duration = Duration::from_millis(20);

/// How often a replica is started that exits before it listens.
const MAX_STARTS: u32 = 10;

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
        // Another process may take one of its ports first. Another start takes other ports.
        for _ in 0..MAX_STARTS {
            let mut program = Command::new(backend()?);
            program.args(flags).env_clear().stdout(Stdio::null());
            let process = Replica::start(program, pod, version)?;
            if let Some(process) = listening(process).await? {
                let (address, admin) = (process.address, process.probes.0);
                return Ok(Self {
                    process,
                    address,
                    admin,
                });
            }
        }
        bail!("the backend exits before it listens")
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

/// Waits until a replica listens, and returns it, or nothing if it exits.
async fn listening(mut process: Replica) -> Result<Option<Replica>> {
    while !process.probes.is_live().await {
        if process.has_exited()? {
            return Ok(None);
        }
        sleep(PROBE_INTERVAL).await;
    }
    Ok(Some(process))
}
