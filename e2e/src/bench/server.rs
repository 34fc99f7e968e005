//! A server under test: its process, what it costs, and its log on a pipe, as in a container.

use std::{
    io::{self, BufRead, BufReader},
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

use super::load;

/// How long a server may take to start.
const START_TIME: Duration = Duration::from_secs(10);

/// A running server.
pub struct Server {
    process: Child,
    log_lines: watch::Receiver<usize>,
    /// Where it answers.
    pub address: SocketAddr,
    /// From exec to its first answer.
    pub start_time: Duration,
}

/// What a process has cost so far.
pub struct Cost {
    /// Time of all its threads on a processor, in user and kernel mode.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub memory: u64,
}

impl Server {
    /// Starts a server and waits for its first answer.
    ///
    /// # Errors
    ///
    /// When the program cannot be started, or does not answer.
    pub async fn start(program: &Path) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let started = Instant::now();
        let mut process = Command::new(program)
            .env("PORT", address.port().to_string())
            .env("K8S_DEMO_PORT", address.port().to_string())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let log = process.stdout.take().context("the log is a pipe")?;
        let log_lines = count_lines(log);
        while load::submit_once(address).await.is_err() {
            ensure!(started.elapsed() < START_TIME, "{} does not answer", program.display());
        }
        Ok(Self {
            process,
            log_lines,
            address,
            start_time: started.elapsed(),
        })
    }

    /// What it has cost so far.
    ///
    /// # Errors
    ///
    /// When the process is gone.
    pub fn cost(&self) -> anyhow::Result<Cost> {
        let pid = sysinfo::Pid::from_u32(self.process.id());
        let mut system = System::new();
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
        let process = system.process(pid).context("the server ended")?;
        Ok(Cost {
            cpu: Duration::from_millis(process.accumulated_cpu_time()),
            memory: process.memory(),
        })
    }

    /// How long after the answer to a request its log line can be read.
    ///
    /// # Errors
    ///
    /// When it does not answer, or has ended.
    pub async fn log_delay(&mut self) -> anyhow::Result<Duration> {
        let before = *self.log_lines.borrow_and_update();
        load::submit_once(self.address).await?;
        let answered = Instant::now();
        self.log_lines.wait_for(|lines| *lines > before).await?;
        Ok(answered.elapsed())
    }

    /// Ends it at once.
    ///
    /// # Errors
    ///
    /// When it has ended before.
    pub fn kill(mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(|_| ())
    }

    /// Ends it as Kubernetes would; returns how many lines it logged.
    ///
    /// # Errors
    ///
    /// When it ends with a failure.
    pub async fn stop(mut self) -> anyhow::Result<usize> {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM)?;
        let status = self.process.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        // The count ends with the log.
        while self.log_lines.changed().await.is_ok() {}
        Ok(*self.log_lines.borrow())
    }
}

/// How many lines a log has so far.
fn count_lines(log: ChildStdout) -> watch::Receiver<usize> {
    let (sender, lines) = watch::channel(0);
    thread::spawn(move || {
        for _ in BufReader::new(log).lines() {
            sender.send_modify(|lines| *lines += 1);
        }
    });
    lines
}
