//! `kubectl confidence`: proves that rollouts, scaling and dying pods of a Deployment lose no request.
//!
//! It knows the network and kubectl, and nothing about the application.
//!
//! * [`settings`]: the command line
//! * [`plan`]: the TOML file that says what is tested
//! * [`run`]: runs the scenarios while requests are sent
//! * [`scenarios`]: what happens to the cluster, one file each
//! * [`cluster`]: the Deployments, as they were and as they are
//! * [`traffic`]: requests at a steady rate, and what became of each
//! * [`report`]: what was seen, and the verdict

pub mod cluster;
mod failure;
pub mod plan;
pub mod report;
pub mod run;
pub mod scenarios;
pub mod settings;
pub mod traffic;

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use crate::failure::Failure;
use crate::{
    cluster::{Cluster, kubectl::Kubectl},
    run::Run,
    settings::Settings,
};

/// Runs the program: prepares, asks, runs, restores, reports. Returns its exit code.
///
/// # Errors
/// If it ends without a verdict.
pub async fn confidence(settings: &Settings) -> Result<ExitCode, Failure> {
    let plan = settings.plan().map_err(Failure::Usage)?;
    let kubectl = Kubectl::new(
        settings.context.as_deref(),
        settings.namespace.as_deref(),
        settings.kubeconfig.as_deref(),
    );
    let cluster = Cluster::find(kubectl, &plan.deployments, &plan.tool, plan.run.wait).await?;
    let run = Run::prepare(&plan, &cluster).await?;
    run.confirm(settings.yes)?;
    run.first_answers().await?;

    // From here on the cluster is changed. Before, a signal ends the program at once.
    let mut signals = Signals::new()?;
    let mut report = run.report().await?;
    let (outcome, interrupted) = tokio::select! {
        outcome = run.play(&mut report) => (outcome, None),
        code = signals.next() => (Ok(()), Some(code)),
    };
    if let Err(error) = outcome {
        report.failures.push(format!("{error:#}"));
    }
    eprintln!("Restoring the cluster");
    let restored = tokio::select! {
        restored = cluster.restore() => restored,
        _ = signals.next() => Err(anyhow!("interrupted")),
    };
    if let Err(error) = restored {
        report
            .failures
            .push(format!("the cluster could not be restored: {error:#}"));
        eprintln!("The cluster could not be restored: {error:#}\nThese commands restore it:");
        for command in cluster.restore_commands() {
            eprintln!("  {command}");
        }
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
