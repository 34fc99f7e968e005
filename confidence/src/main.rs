//! `kubectl confidence`: proves that rollouts, scaling and dying pods of a Deployment lose no request.

use std::process::ExitCode;

use clap::Parser;
use confidence::{confidence, settings::Settings};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    confidence(&settings).await.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        failure.exit_code()
    })
}
