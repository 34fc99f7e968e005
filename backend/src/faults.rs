//! Injects faults into this replica on request, so that people can watch Kubernetes react and see what it costs clients.
//!
//! Off unless a setting enables it: anybody who reaches the port can stop the process otherwise.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::rt::time::{Sleep, interval, sleep};
use api::{Fault, FaultRequest};
use prometheus::{IntCounterVec, Opts};
use service::{Rejection, health::Health, logging::Log};
use tokio::sync::Notify;

/// How long a fault waits, so that its acknowledgement reaches the client even if the process ends.
const ACKNOWLEDGE_TIME: Duration = Duration::from_millis(200);

/// How much later a slow replica responds.
const DELAY: Duration = Duration::from_millis(500);

const LEAK_CHUNK: usize = 8 * 1024 * 1024;
const LEAK_INTERVAL: Duration = Duration::from_millis(100);

/// The most bytes that a leak allocates: more than the limit in the manifest, less than a laptop has.
const MAX_LEAK: usize = 1024 * 1024 * 1024;

/// The faults of this replica. Clones share them.
#[derive(Debug, Clone)]
pub struct Faults(Arc<State>);

#[derive(Debug)]
struct State {
    health: Health,
    /// Whether the replica is ready without a fault.
    ready: bool,
    log: Log,
    /// How many injections of each fault last, in the order of [`Fault::ALL`]: they may overlap.
    active: [AtomicUsize; Fault::ALL.len()],
    submissions: AtomicU64,
    /// Notified when a fault begins or ends.
    changed: Notify,
    injected: IntCounterVec,
}

impl Faults {
    /// Creates the faults of a replica with this health. The log is flushed before a crash.
    ///
    /// # Errors
    ///
    /// None in practice: the name of the metric is valid.
    pub fn new(health: Health, log: Log) -> prometheus::Result<Self> {
        let injected = Opts::new("backend_faults_total", "Faults that were injected on request.");
        Ok(Self(Arc::new(State {
            ready: health.is_ready(),
            health,
            log,
            active: Default::default(),
            submissions: AtomicU64::new(0),
            changed: Notify::new(),
            injected: IntCounterVec::new(injected, &["fault"])?,
        })))
    }

    /// Returns the metric that counts injected faults.
    pub fn metric(&self) -> IntCounterVec {
        self.0.injected.clone()
    }

    /// Injects a fault, after the time that its acknowledgement needs, and returns when it is over.
    pub async fn inject(self, FaultRequest { fault, seconds, .. }: FaultRequest) {
        sleep(ACKNOWLEDGE_TIME).await;
        let name = fault.as_str();
        tracing::warn!(fault = name, seconds, "injecting a fault");
        self.0.injected.with_label_values(&[name]).inc();
        let end = sleep(Duration::from_secs(seconds.into()));
        match fault {
            Fault::Crash => {
                self.0.log.flush();
                process::exit(1);
            }
            Fault::Leak => leak(end).await,
            Fault::Hang | Fault::NotReady | Fault::Slow | Fault::Fail => {
                self.active(fault).fetch_add(1, Ordering::Relaxed);
                self.update_health();
                end.await;
                self.active(fault).fetch_sub(1, Ordering::Relaxed);
                self.update_health();
            }
        }
        tracing::info!(fault = name, "the fault is over");
    }

    /// Waits until no [`Fault::Hang`] lasts.
    pub async fn wait_while_hanging(&self) {
        loop {
            // Created before the check, so that no notification is missed.
            let changed = self.0.changed.notified();
            if !self.is_active(Fault::Hang) {
                return;
            }
            changed.await;
        }
    }

    /// Delays or fails a submission while such a fault lasts.
    ///
    /// # Errors
    ///
    /// [`Rejection::Internal`] for every second submission while [`Fault::Fail`] lasts.
    pub async fn affect_submission(&self) -> Result<(), Rejection> {
        if self.is_active(Fault::Slow) {
            sleep(DELAY).await;
        }
        if self.is_active(Fault::Fail) && self.0.submissions.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            return Err(Rejection::Internal);
        }
        Ok(())
    }

    fn update_health(&self) {
        let live = !self.is_active(Fault::Hang);
        self.0.health.set_live(live);
        self.0
            .health
            .set_ready(self.0.ready && live && !self.is_active(Fault::NotReady));
        self.0.changed.notify_waiters();
    }

    fn is_active(&self, fault: Fault) -> bool {
        self.active(fault).load(Ordering::Relaxed) > 0
    }

    fn active(&self, fault: Fault) -> &AtomicUsize {
        &self.0.active[fault as usize]
    }
}

/// Allocates memory until `end`, and then frees it.
async fn leak(end: Sleep) {
    let mut leaked = Vec::new();
    let allocate = async {
        let mut ticks = interval(LEAK_INTERVAL);
        while leaked.len() * LEAK_CHUNK < MAX_LEAK {
            ticks.tick().await;
            // Not zero: the kernel provides zeroed pages only when they are written to.
            leaked.push(vec![1_u8; LEAK_CHUNK]);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = allocate => {}
        () = end => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[actix_web::test]
    async fn requests_wait_and_probes_fail_until_a_hang_is_over() {
        let health = Health::default();
        health.set_ready(true);
        let faults = Faults::new(health.clone(), Log::start(io::sink()).unwrap()).unwrap();
        let request = FaultRequest {
            pod: String::new(),
            fault: Fault::Hang,
            seconds: 1,
        };
        let hang = actix_web::rt::spawn(faults.clone().inject(request));
        while !faults.is_active(Fault::Hang) {
            faults.0.changed.notified().await;
        }
        assert!(!health.is_live() && !health.is_ready());
        faults.wait_while_hanging().await;
        assert!(health.is_live() && health.is_ready());
        hang.await.unwrap();
    }
}
