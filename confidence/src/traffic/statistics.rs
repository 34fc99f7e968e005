//! The outcomes of one route in one scenario.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, mpsc::UnboundedSender},
    time::Instant,
};

use super::outcome::{ConnectionKind, LossKind, Origin, Outcome};

/// Counts outcomes, and keeps when each happened.
#[derive(Debug, Default)]
pub struct RouteStatistics {
    /// Requests sent.
    pub sent: u64,
    /// Requests with a response that a proxy sent to more than one pod.
    pub retried: u64,
    /// The right responses.
    pub responses: Vec<ResponseSample>,
    pub losses: Vec<LossSample>,
    /// When connections were closed by the server without notice, since the start.
    pub closed_without_notice: Vec<Duration>,
    /// The pods that responded.
    pub pods: Interner,
    /// The versions that responded.
    pub versions: Interner,
    /// The pods of proxies, and how many requests each forwarded.
    pub proxies: BTreeMap<String, u64>,
    details: Interner,
}

/// Something that was seen. Times are counted from the start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Observation {
    /// A request is being sent.
    Sent,
    /// What became of a request.
    Outcome {
        outcome: Outcome,
        /// When the request was due.
        due: Duration,
        /// When the outcome was known.
        at: Duration,
    },
    /// The server closed a connection without having announced it.
    ClosedWithoutNotice(Duration),
}

/// One right response.
#[derive(Debug, Clone, Copy)]
pub struct ResponseSample {
    /// When the request was due, since the start.
    pub due: Duration,
    /// From then until the response was complete.
    pub latency: Duration,
    /// Index into [`RouteStatistics::pods`].
    pub pod: Option<u16>,
    /// Index into [`RouteStatistics::versions`].
    pub version: Option<u16>,
}

/// One lost request.
#[derive(Debug, Clone, Copy)]
pub struct LossSample {
    /// When the request was due, since the start.
    pub due: Duration,
    /// When the loss was known, since the start.
    pub at: Duration,
    pub kind: LossKind,
    pub connection: ConnectionKind,
    detail: u16,
}

impl Observation {
    /// Returns the same, as seen by someone whose time started this much earlier.
    pub fn delayed(self, by: Duration) -> Self {
        match self {
            Self::Sent => Self::Sent,
            Self::Outcome { outcome, due, at } => Self::Outcome {
                outcome,
                due: due + by,
                at: at + by,
            },
            Self::ClosedWithoutNotice(at) => Self::ClosedWithoutNotice(at + by),
        }
    }
}

impl RouteStatistics {
    /// Counts what was seen.
    pub fn record(&mut self, observation: Observation) {
        match observation {
            Observation::Sent => self.sent += 1,
            Observation::ClosedWithoutNotice(at) => self.closed_without_notice.push(at),
            Observation::Outcome {
                outcome:
                    Outcome::Responded(Origin {
                        pod,
                        version,
                        proxy,
                        retried,
                    }),
                due,
                at,
            } => {
                self.retried += u64::from(retried);
                if let Some(proxy) = proxy {
                    *self.proxies.entry(proxy).or_default() += 1;
                }
                self.responses.push(ResponseSample {
                    due,
                    latency: at.saturating_sub(due),
                    pod: pod.map(|name| self.pods.index(name)),
                    version: version.map(|name| self.versions.index(name)),
                });
            }
            Observation::Outcome {
                outcome: Outcome::Lost(loss),
                due,
                at,
            } => self.losses.push(LossSample {
                due,
                at,
                kind: loss.kind,
                connection: loss.connection,
                detail: self.details.index(loss.detail),
            }),
        }
    }

    /// Returns how many requests got the right response.
    pub fn responded(&self) -> u64 {
        self.responses.len() as u64
    }

    /// Returns how many requests were lost.
    pub fn lost(&self) -> u64 {
        self.losses.len() as u64
    }

    /// Returns when the last loss of one of these kinds was known, since the start.
    pub fn last_loss(&self, kinds: &[LossKind]) -> Option<Duration> {
        let mut losses = self.losses.iter().rev();
        losses.find(|loss| kinds.contains(&loss.kind)).map(|loss| loss.at)
    }

    /// Returns the error or the unexpected value of a loss.
    pub fn detail(&self, loss: &LossSample) -> &str {
        self.details.name(loss.detail)
    }
}

/// Distinct names, each with a small index.
#[derive(Debug, Default)]
pub struct Interner(Vec<String>);

impl Interner {
    /// Returns the index of a name. Names beyond the 65,535th share the last index.
    fn index(&mut self, name: String) -> u16 {
        let known = self.0.iter().rposition(|known| *known == name);
        let index = known.unwrap_or_else(|| {
            if self.0.len() < usize::from(u16::MAX) {
                self.0.push(name);
            }
            self.0.len() - 1
        });
        index as u16
    }

    /// Returns the name with this index.
    pub fn name(&self, index: u16) -> &str {
        self.0.get(usize::from(index)).map_or("", String::as_str)
    }
}

/// Statistics that several tasks share.
#[derive(Debug, Clone)]
pub struct SharedStatistics(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    start: Instant,
    statistics: Mutex<RouteStatistics>,
    has_changed: Notify,
    /// Gets what is seen, in place of the statistics.
    forward: Option<UnboundedSender<Observation>>,
}

impl SharedStatistics {
    /// Returns empty statistics. Times are counted from `start`.
    pub fn new(start: Instant) -> Self {
        Self::with_forward(start, None)
    }

    /// Returns statistics that stay empty: what is seen is forwarded.
    pub fn forwarding(start: Instant, to: UnboundedSender<Observation>) -> Self {
        Self::with_forward(start, Some(to))
    }

    fn with_forward(start: Instant, forward: Option<UnboundedSender<Observation>>) -> Self {
        Self(Arc::new(Shared {
            start,
            statistics: Mutex::default(),
            has_changed: Notify::new(),
            forward,
        }))
    }

    /// Counts what was seen.
    pub fn record(&self, observation: Observation) {
        match &self.0.forward {
            // The receiver may have been dropped: then nobody needs them.
            Some(forward) => drop(forward.send(observation)),
            None => {
                self.with(|statistics| statistics.record(observation));
                self.0.has_changed.notify_waiters();
            }
        }
    }

    /// Returns a moment as the time since the start.
    pub fn since_start(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.0.start)
    }

    /// Waits until the statistics satisfy a predicate.
    pub async fn until(&self, predicate: impl Fn(&RouteStatistics) -> bool) {
        loop {
            let changed = self.0.has_changed.notified();
            if self.with(|statistics| predicate(statistics)) {
                return;
            }
            changed.await;
        }
    }

    /// Returns the statistics, and leaves empty ones.
    pub fn take(&self) -> RouteStatistics {
        self.with(std::mem::take)
    }

    /// Calls a function with the statistics.
    pub fn with<T>(&self, function: impl FnOnce(&mut RouteStatistics) -> T) -> T {
        function(&mut self.0.statistics.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
