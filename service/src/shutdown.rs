//! The shutdown: signals, and the drain between the first signal and the closing of the listener.
//!
//! 1. SIGTERM or SIGINT arrives. `/readyz` fails from now on, and every response says `Connection: close`.
//! 2. The listener stays open for the drain time.
//! 3. The listener closes. Requests in flight finish within the shutdown timeout.
//! 4. The process exits with 0. A second signal ends it at once, at any time.
//!
//! Step 2 is needed because Kubernetes removes a pod from its Services and signals it *at the same time*: new requests keep
//! arriving for a while, and a closed listener would refuse them
//! ([pod termination](https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow)).

use std::{
    future::Future,
    io, process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Whether the server is draining. Clones share the state.
#[derive(Debug, Clone, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// Returns whether clients should use another replica.
    pub fn is_draining(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for `shutdown`, then drains for `drain_time`. The listener may close when this returns.
    pub(crate) async fn run(self, shutdown: impl Future<Output = ()>, drain_time: Duration) {
        shutdown.await;
        self.0.store(true, Ordering::Relaxed);
        tracing::info!(drain_time = %humantime::format_duration(drain_time), "draining");
        tokio::time::sleep(drain_time).await;
        tracing::info!("finishing requests in flight");
    }
}

/// Returns a future that completes at the first SIGTERM or SIGINT. From then on a second signal ends the process at once,
/// after calling `flush`, which should write what the log has buffered.
///
/// # Errors
///
/// When the operating system refuses the signal handlers.
pub fn on_signal(flush: impl FnOnce() + Send + 'static) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        next(&mut interrupt, &mut terminate).await;
        tokio::spawn(async move {
            let signal = next(&mut interrupt, &mut terminate).await;
            tracing::warn!("second signal: exiting at once");
            flush();
            // The exit code that a shell reports for a process that was ended by this signal.
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
