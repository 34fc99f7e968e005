//! What was done to the cluster and what it did, with the time of each.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Events of the scenario that is running. Each is also printed.
#[derive(Debug)]
pub struct Log {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    start: Instant,
    events: Vec<(Duration, String)>,
}

impl Default for Log {
    fn default() -> Self {
        let inner = Inner {
            start: Instant::now(),
            events: Vec::new(),
        };
        Self {
            inner: Mutex::new(inner),
        }
    }
}

impl Log {
    /// Removes all events. Later ones are timed from `start`.
    pub fn restart(&self, start: Instant) {
        let mut inner = self.lock();
        inner.start = start;
        inner.events.clear();
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.lock().start.elapsed()
    }

    /// Adds an event that happens now.
    pub fn event(&self, text: impl Into<String>) {
        let text = text.into();
        let mut inner = self.lock();
        let at = inner.start.elapsed();
        eprintln!("  {:>5.1} s  {text}", at.as_secs_f64());
        inner.events.push((at, text));
    }

    /// Returns all events.
    pub fn events(&self) -> Vec<(Duration, String)> {
        self.lock().events.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
