//! The process: settings, log, listener, and the server until a signal ends it.

use std::{error::Error, process::ExitCode};

use backend::{
    Settings,
    log::{self, Log},
    signals, startup,
};
use clap::Parser;

#[actix_web::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    let log = log::start(&settings);
    let outcome = run(&settings, log.clone()).await;
    log.flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: &Settings, log: Log) -> Result<(), Box<dyn Error>> {
    let listener = startup::bind(settings)?;
    let shutdown = signals::shutdown(log)?;
    startup::serve(listener, settings, shutdown).await?;
    Ok(())
}
