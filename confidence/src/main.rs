//! `kubectl confidence`: checks that rollouts, scaling and dying pods of a workload lose no request.

use std::process::ExitCode;

use clap::Parser;
use confidence::{confidence, settings::Settings};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    confidence(&settings).await.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        error.exit_code()
    })
}
