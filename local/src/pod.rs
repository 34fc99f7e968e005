//! Runs a replica, and restarts it when it exits or fails its liveness probe.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    process::Command,
    sync::{Notify, oneshot, watch},
    task::JoinHandle,
    time::sleep,
};

use crate::{
    deployment::Release,
    replica::{Probes, Replica},
};

/// How long after its start a replica is probed first: so long that a person can watch a rollout, replica by replica.
const INITIAL_DELAY: Duration = Duration::from_secs(1);

/// The pause between two probes.
const PROBE_INTERVAL: Duration = Duration::from_millis(200);

/// How long a replica that has been live may fail its liveness probe. Kubernetes waits longer: 30 s with this project's manifest.
const LIVENESS_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause before the first restart. It doubles with each further one.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);

const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// A replica that has run for this long starts with the first pause again.
const STABLE_TIME: Duration = Duration::from_secs(60);

/// A pod: a name, a release, and the process that runs it at present.
#[derive(Debug)]
pub struct Pod {
    /// The pod's name.
    pub name: String,
    /// What it runs.
    pub release: Release,
    /// When it was created.
    pub created: Instant,
    status: watch::Receiver<Status>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// The state of a pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// The address of the running process.
    pub address: Option<SocketAddr>,
    /// Whether it gets requests.
    pub is_ready: bool,
    /// How often the process has been restarted.
    pub restarts: u32,
    /// Whether the pod has terminated.
    pub is_gone: bool,
}

impl Pod {
    /// Starts a pod. `changed` is notified of every change of its status.
    pub fn start(
        name: String,
        release: Release,
        program: impl Fn() -> Command + Send + 'static,
        changed: Arc<Notify>,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (status, receiver) = watch::channel(Status::default());
        let runner = Runner {
            name: name.clone(),
            version: release.version.clone(),
            status,
            changed,
        };
        Self {
            name,
            release,
            created: Instant::now(),
            status: receiver,
            stop: Some(stop),
            task: tokio::spawn(runner.run(program, stopped)),
        }
    }

    /// Returns the present state.
    pub fn status(&self) -> Status {
        *self.status.borrow()
    }

    /// Terminates the pod: the process drains and exits.
    pub fn stop(&mut self) {
        // The pod's task waits for the channel to close.
        self.stop = None;
    }

    /// Returns whether the pod is terminating.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_none()
    }

    /// Waits until the pod has terminated.
    pub async fn gone(self) {
        // It fails where the task has panicked, and then the process is gone as well.
        _ = self.task.await;
    }
}

/// What a pod's task needs.
struct Runner {
    name: String,
    version: String,
    status: watch::Sender<Status>,
    changed: Arc<Notify>,
}

impl Runner {
    async fn run(self, program: impl Fn() -> Command, mut stopped: oneshot::Receiver<()>) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let started = Instant::now();
            let reason = match self.run_once(program(), &mut stopped).await {
                Ok(Some(reason)) => reason,
                Ok(None) => break,
                Err(error) => format!("does not start: {error}"),
            };
            if started.elapsed() > STABLE_TIME {
                backoff = FIRST_BACKOFF;
            }
            eprintln!("pod/{} {reason}; restarting it in {} s", self.name, backoff.as_secs());
            tokio::select! {
                () = sleep(backoff) => {}
                _ = &mut stopped => break,
            }
            backoff = (2 * backoff).min(MAX_BACKOFF);
            self.update(|status| status.restarts += 1);
        }
        self.update(|status| status.is_gone = true);
    }

    /// Runs the process until it ends, and returns why it needs a restart, or `None` if the pod was stopped.
    async fn run_once(&self, program: Command, stopped: &mut oneshot::Receiver<()>) -> io::Result<Option<String>> {
        let mut replica = Replica::start(program, &self.name, &self.version)?;
        self.update(|status| status.address = Some(replica.address));
        let probes = replica.probes;
        let reason = tokio::select! {
            exit = replica.exited() => Some(format!("exited ({})", exit?)),
            () = self.probe(probes) => {
                replica.kill().await;
                Some("failed its liveness probe".to_owned())
            }
            _ = stopped => {
                self.update(|status| status.is_ready = false);
                replica.terminate().await;
                None
            }
        };
        self.update(|status| (status.address, status.is_ready) = (None, false));
        Ok(reason)
    }

    /// Probes the replica until it has not been live for too long.
    async fn probe(&self, probes: Probes) {
        let mut last_live = None;
        sleep(INITIAL_DELAY).await;
        loop {
            let (is_live, is_ready) = tokio::join!(probes.is_live(), probes.is_ready());
            self.update(|status| status.is_ready = is_ready);
            if is_live {
                last_live = Some(Instant::now());
            }
            if last_live.is_some_and(|last: Instant| last.elapsed() > LIVENESS_TIMEOUT) {
                return;
            }
            sleep(PROBE_INTERVAL).await;
        }
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        let is_changed = self.status.send_if_modified(|status| {
            let before = *status;
            change(status);
            *status != before
        });
        if is_changed {
            self.changed.notify_one();
        }
    }
}
