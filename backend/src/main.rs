//! The process: settings, log, listener, and the server until a signal ends it.

use std::{error::Error, process::ExitCode};

use backend::{Settings, log, routes, signals, startup};
use clap::Parser;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    match run(&Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let listener = startup::bind(settings)?;
    let log = log::start(settings)?;
    let shutdown = signals::shutdown(log.clone())?;
    let outcome = startup::serve(listener, settings, routes::configure, shutdown).await;
    #[cfg(feature = "otlp")]
    backend::otlp::flush();
    log.flush();
    Ok(outcome?)
}
