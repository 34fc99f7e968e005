//! `make confidence`: proves on a cluster that rollouts, scaling and dying pods lose no submission.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use e2e::confidence::cluster::Cluster;
use e2e::confidence::report::Report;
use e2e::confidence::run::run;
use e2e::confidence::settings::Settings;
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let settings = Settings::parse();
    let mut cluster = Cluster::find().await?;
    let mut report = Report::default();
    let (outcome, interrupted) = tokio::select! {
        outcome = run(&settings, &mut cluster, &mut report) => (outcome, false),
        _ = ctrl_c() => (Ok(()), true),
    };
    eprintln!("Putting the cluster back as it was");
    let restored = cluster.restore().await;
    println!("{report}");
    outcome.and(restored)?;
    Ok(ExitCode::from(if interrupted {
        130
    } else {
        u8::from(!report.holds())
    }))
}
