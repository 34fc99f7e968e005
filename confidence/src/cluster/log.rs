//! What was done to the cluster and what it did, with the time of each.

use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;

/// Events of the scenario that is running. Each is also printed.
#[derive(Debug)]
pub struct Log(Mutex<(Instant, Vec<Event>)>);

/// Something that was done, or that the cluster did.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Seconds since the start of the scenario.
    pub at: f64,
    pub text: String,
}

impl Default for Log {
    fn default() -> Self {
        Self(Mutex::new((Instant::now(), Vec::new())))
    }
}

impl Log {
    /// Removes all events. Later ones are timed from `start`.
    pub fn restart(&self, start: Instant) {
        *self.0.lock() = (start, Vec::new());
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.lock().0.elapsed()
    }

    /// Adds an event that happens now.
    pub fn event(&self, text: impl Into<String>) {
        let text = text.into();
        let (start, events) = &mut *self.0.lock();
        let at = start.elapsed().as_secs_f64();
        eprintln!("  {at:>5.1} s  {text}");
        events.push(Event { at, text });
    }

    /// Returns all events.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().1.clone()
    }
}
