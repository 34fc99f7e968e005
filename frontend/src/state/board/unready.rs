//! A replica that gets no submissions, because it has not become ready: a broken release, or one that starts slowly.

use yew::AttrValue;

/// How long a replica reports that it is not ready until it counts as one that does not become ready, in milliseconds. A
/// healthy one needs a second or two.
const START_TIME: f64 = 5_000.0;

/// The time without a response after which a replica counts as gone, in milliseconds.
const GONE_TIMEOUT: f64 = 10_000.0;

/// A replica that has not become ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Unready {
    /// Its pod.
    pub pod: AttrValue,
    /// Its version.
    pub version: AttrValue,
    /// The number of submissions that were lost since it was found.
    pub lost: u32,
    /// When it was found, in milliseconds.
    found: f64,
    /// When it last responded, in milliseconds.
    last_seen: f64,
}

impl Unready {
    /// Returns a replica that was found at `at`.
    pub fn new(replica: &api::Replica, at: f64) -> Self {
        Self {
            pod: replica.pod.clone().into(),
            version: replica.version.clone().into(),
            lost: 0,
            found: at,
            last_seen: at,
        }
    }

    /// Records a response in which it says that it is not ready.
    pub fn seen(&mut self, at: f64) {
        self.last_seen = at;
    }

    /// Counts a lost submission that was sent at `sent`.
    pub fn count_lost(&mut self, sent: f64) {
        if sent >= self.found {
            self.lost += 1;
        }
    }

    /// Returns whether it has had enough time to become ready.
    pub fn is_overdue(&self) -> bool {
        self.last_seen - self.found >= START_TIME
    }

    /// Returns whether it no longer responds at `now`.
    pub fn is_gone(&self, now: f64) -> bool {
        now - self.last_seen >= GONE_TIMEOUT
    }
}
