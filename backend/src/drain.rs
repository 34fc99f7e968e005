//! The time between the first signal and the closing of the listener.
//!
//! Kubernetes takes a pod out of its Services and signals it *at the same time*. So new requests go on arriving for a
//! while, and closing the listener at once would refuse them
//! ([pod termination](https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow)).

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Whether the replica is draining, as everybody who answers requests sees it.
#[derive(Debug, Default)]
pub struct Drain(AtomicBool);

impl Drain {
    /// Whether clients should go elsewhere.
    pub fn is_draining(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for the shutdown to be asked for, then drains for `drain_time`. When this ends, the listener may close.
    pub async fn run(&self, shutdown: impl Future<Output = ()>, drain_time: Duration) {
        shutdown.await;
        self.0.store(true, Ordering::Relaxed);
        tracing::info!(drain_time = %humantime::format_duration(drain_time), "draining");
        tokio::time::sleep(drain_time).await;
        tracing::info!("finishing what is in flight");
    }
}
