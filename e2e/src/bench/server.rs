//! A server under test: a process with its log on a pipe, as in a container.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::sync::watch;

use super::load::{self, Request};

/// How long a server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// A running server, killed when dropped.
pub struct Server {
    process: Process,
    log_lines: watch::Receiver<usize>,
    request: Request,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The time from exec to the first response.
    pub start_time: Duration,
}

/// A process, killed when dropped.
struct Process(Child);

/// The resources that a process has used.
pub struct Cost {
    /// The CPU time of all threads, in user and kernel mode.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub memory: u64,
}

impl Server {
    /// Starts a server without the variables of the caller, and waits for its response to a request.
    ///
    /// # Errors
    ///
    /// When the program does not start or does not respond.
    pub async fn start(program: &Path, request: Request) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let started = Instant::now();
        let process = Command::new(program)
            .env_clear()
            .env("ADDRESS", address.to_string())
            .env("K8S_DEMO_PORT", address.port().to_string())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = Process(process.with_context(|| format!("cannot start {}", program.display()))?);
        let log = process.0.stdout.take().context("the log is a pipe")?;
        let log_lines = count_lines(log);
        while load::send_once(address, request).await.is_err() {
            ensure!(
                started.elapsed() < START_TIMEOUT,
                "{} does not answer",
                program.display()
            );
        }
        Ok(Self {
            process,
            log_lines,
            request,
            address,
            start_time: started.elapsed(),
        })
    }

    /// Returns the request that it is asked.
    pub fn request(&self) -> Request {
        self.request
    }

    /// Returns the resources that it has used.
    ///
    /// # Errors
    ///
    /// When the process is gone.
    pub fn cost(&self) -> anyhow::Result<Cost> {
        let pid = sysinfo::Pid::from_u32(self.process.0.id());
        let mut system = System::new();
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
        let process = system.process(pid).context("the server has exited")?;
        Ok(Cost {
            cpu: Duration::from_millis(process.accumulated_cpu_time()),
            memory: process.memory(),
        })
    }

    /// Returns how long after the response to a request its log line can be read.
    ///
    /// # Errors
    ///
    /// When it does not respond, or has exited.
    pub async fn log_delay(&mut self) -> anyhow::Result<Duration> {
        let before = *self.log_lines.borrow_and_update();
        load::send_once(self.address, self.request).await?;
        let answered = Instant::now();
        self.log_lines.wait_for(|lines| *lines > before).await?;
        Ok(answered.elapsed())
    }

    /// Stops it as Kubernetes would, and returns the number of its log lines.
    ///
    /// # Errors
    ///
    /// When it exits with a failure.
    pub async fn stop(mut self) -> anyhow::Result<usize> {
        let pid = Pid::from_child(&self.process.0);
        kill_process(pid, Signal::TERM)?;
        let status = self.process.0.wait()?;
        ensure!(status.success(), "the server exited with {status}");
        // The channel closes at the end of the log.
        while self.log_lines.changed().await.is_ok() {}
        Ok(*self.log_lines.borrow())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // They fail only where the process has ended before.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Counts the lines of a log while it is written.
fn count_lines(log: ChildStdout) -> watch::Receiver<usize> {
    let (sender, lines) = watch::channel(0);
    thread::spawn(move || {
        for _ in BufReader::new(log).lines() {
            sender.send_modify(|lines| *lines += 1);
        }
    });
    lines
}
