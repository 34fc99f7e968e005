//! A process of the backend, on ports of its own.

use std::{
    env, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::http1;

/// How long a probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a replica may take to exit after SIGTERM: longer than the drain time plus the shutdown timeout.
const GRACE_PERIOD: Duration = Duration::from_secs(7);

/// A running replica, killed when dropped.
#[derive(Debug)]
pub struct Replica {
    process: Child,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The address of its probes.
    pub probes: Probes,
}

/// The address of a replica's probes.
#[derive(Debug, Clone, Copy)]
pub struct Probes(pub SocketAddr);

impl Replica {
    /// Starts a program of the backend with this pod name and version. It does not listen yet.
    ///
    /// # Errors
    ///
    /// When the program cannot be started.
    pub fn start(mut program: Command, pod: &str, version: &str) -> io::Result<Self> {
        let [address, admin] = free_addresses()?;
        let process = program
            .env("K8S_DEMO_HOST", address.ip().to_string())
            .env("K8S_DEMO_PORT", address.port().to_string())
            .env("K8S_DEMO_ADMIN_PORT", admin.port().to_string())
            .env("K8S_DEMO_POD_NAME", pod)
            .env("K8S_DEMO_VERSION", version)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            process,
            address,
            probes: Probes(admin),
        })
    }

    /// Waits until it exits.
    ///
    /// # Errors
    ///
    /// When the operating system does not say so.
    pub async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.process.wait().await
    }

    /// Returns whether it has exited.
    ///
    /// # Errors
    ///
    /// When the operating system does not say so.
    pub fn has_exited(&mut self) -> io::Result<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    /// Sends SIGTERM: it drains.
    pub fn send_sigterm(&self) {
        if let Some(pid) = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // It fails where the process has exited by itself.
            _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Terminates it: it drains, and is killed if it has not exited within the grace period.
    pub async fn terminate(&mut self) {
        self.send_sigterm();
        if timeout(GRACE_PERIOD, self.process.wait()).await.is_err() {
            self.kill().await;
        }
    }

    /// Kills it, as a power cut would: without draining.
    pub async fn kill(&mut self) {
        // It fails where the process has exited by itself.
        _ = self.process.kill().await;
    }
}

impl Probes {
    /// Returns whether the replica gets requests.
    pub async fn is_ready(self) -> bool {
        self.succeeds("/readyz").await
    }

    /// Returns whether the replica works. Otherwise it needs a restart.
    pub async fn is_live(self) -> bool {
        self.succeeds("/healthz").await
    }

    async fn succeeds(self, path: &str) -> bool {
        let status = timeout(PROBE_TIMEOUT, http1::status(self.0, path)).await;
        matches!(status, Ok(Some(status)) if status.is_success())
    }
}

/// Returns two free addresses. Another process may take them first: then the replica exits, and is restarted with others.
fn free_addresses() -> io::Result<[SocketAddr; 2]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listeners = [bind()?, bind()?];
    Ok([listeners[0].local_addr()?, listeners[1].local_addr()?])
}

/// Returns the path of the backend's program, which Cargo puts beside this one, or one folder above a test.
///
/// # Errors
///
/// When it has not been built.
pub fn backend() -> io::Result<PathBuf> {
    let here = env::current_exe()?;
    let mut folders = here.ancestors().skip(1).map(|folder| folder.join("backend"));
    folders.find(|backend| backend.is_file()).ok_or_else(|| {
        let message = "the backend is missing: type `cargo build --package backend` first";
        io::Error::new(io::ErrorKind::NotFound, message)
    })
}
