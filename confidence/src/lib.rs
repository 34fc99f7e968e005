//! `kubectl confidence`: checks that rollouts, scaling and dying pods of a workload lose no request.
//!
//! It knows the network and the Kubernetes API, and nothing about the application.
//!
//! * [`settings`]: the command line
//! * [`plan`]: the TOML file that says what is tested, and the table of scenarios
//! * [`run`]: runs the scenarios while requests are sent
//! * [`scenarios`]: what happens to the cluster
//! * [`cluster`]: the workloads, as they were and as they are
//! * [`traffic`]: requests at a steady rate, and what became of each
//! * [`report`]: what was seen, and the verdict

#![allow(
    missing_docs,
    reason = "the library is for this program and its tests; it is not published"
)]

pub mod cluster;
mod error;
pub mod plan;
pub mod report;
pub mod run;
pub mod scenarios;
pub mod settings;
pub mod traffic;

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use crate::error::{ExitError, describe};
use crate::{
    cluster::Cluster,
    run::Run,
    settings::{Command, Settings},
};

/// Runs the program: prepares, asks, runs, restores, reports. Returns its exit code.
pub async fn confidence(settings: &Settings) -> Result<ExitCode, ExitError> {
    match settings.command {
        Some(Command::Version) => {
            println!("kubectl-confidence {}", env!("CARGO_PKG_VERSION"));
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Generate) => {
            run::generator_pod::send().await?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Load) | None => (),
    }
    let plan = settings.plan().map_err(ExitError::Usage)?;
    let cluster = Cluster::find(&settings.access, &plan).await?;
    let run = Run::prepare(&plan, &cluster).await?;
    run.confirm(settings.yes)?;
    if let Err(error) = run.wait_until_reachable().await {
        cluster.clean_up_all().await?;
        return Err(error.into());
    }

    // From here on the cluster is changed. Before, a signal ends the program at once.
    let mut signals = Signals::new()?;
    let mut report = run.report().await;
    let (outcome, interrupted) = tokio::select! {
        outcome = run.run(&mut report) => (outcome, None),
        code = signals.next() => (Ok(()), Some(code)),
    };
    if let Err(error) = outcome {
        report.failures.push(describe(&error));
    }
    eprintln!("Restoring the cluster");
    let restored = tokio::select! {
        restored = cluster.restore() => restored,
        _ = signals.next() => Err(anyhow!("interrupted")),
    };
    if let Err(error) = restored {
        let error = describe(&error);
        eprintln!("The cluster could not be restored: {error}\nThese commands restore it:");
        for command in cluster.restore_commands() {
            eprintln!("  {command}");
        }
        report
            .failures
            .push(format!("the cluster could not be restored: {error}"));
    }
    report.conclude();
    for output in &settings.output {
        output.write(&report)?;
    }
    Ok(ExitCode::from(interrupted.unwrap_or(report.exit_code())))
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal and returns the exit code that it means.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.terminate.recv() => 143,
        }
    }
}
