//! The signals that end the process: SIGTERM from Kubernetes, SIGINT from a keyboard.

use std::{future::Future, io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::log::Log;

/// A future that ends with the first signal. From then on a second signal ends the process at once.
///
/// # Errors
///
/// When the operating system refuses the signal handlers.
pub fn shutdown(log: Log) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        next(&mut interrupt, &mut terminate).await;
        tokio::spawn(async move {
            let signal = next(&mut interrupt, &mut terminate).await;
            tracing::warn!("ending at once, as the second signal asks");
            log.flush();
            // What a shell reports for a process that a signal ended.
            process::exit(128 + signal.as_raw_value());
        });
    })
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = interrupt.recv() => SignalKind::interrupt(),
        _ = terminate.recv() => SignalKind::terminate(),
    }
}
