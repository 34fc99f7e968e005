//! What the probes respond, as far as the application decides it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether the application is alive and ready. It is both until it says otherwise. Clones share the state.
#[derive(Debug, Clone)]
pub struct Health(Arc<State>);

#[derive(Debug)]
struct State {
    live: AtomicBool,
    ready: AtomicBool,
}

impl Health {
    /// Sets what `/healthz` responds. Kubernetes restarts a container that is not alive for some time.
    pub fn set_live(&self, live: bool) {
        self.0.live.store(live, Ordering::Relaxed);
    }

    /// Sets what `/readyz` responds. Kubernetes removes a pod that is not ready from its Services.
    pub fn set_ready(&self, ready: bool) {
        self.0.ready.store(ready, Ordering::Relaxed);
    }

    /// Returns whether the application is alive.
    pub fn is_live(&self) -> bool {
        self.0.live.load(Ordering::Relaxed)
    }

    /// Returns whether the application is ready.
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Relaxed)
    }
}

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(State {
            live: AtomicBool::new(true),
            ready: AtomicBool::new(true),
        }))
    }
}
