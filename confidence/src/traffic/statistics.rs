//! The outcomes of one route in one scenario.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, time::Instant};

use super::outcome::{ConnectionKind, Loss, LossKind, Origin, Outcome};

/// Counts outcomes, and keeps when each happened.
#[derive(Debug, Default)]
pub struct RouteStatistics {
    pub sent: u64,
    /// Requests with a response that a proxy sent to more than one pod.
    pub retried: u64,
    pub responses: Vec<ResponseSample>,
    pub losses: Vec<LossSample>,
    /// When connections were closed by the server without notice, since the start.
    pub closed_without_notice: Vec<Duration>,
    pub pods: IndexSet<String>,
    pub versions: IndexSet<String>,
    /// The pods of proxies, and how many requests each forwarded.
    pub proxies: BTreeMap<String, u64>,
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
    pub pod: Option<usize>,
    /// Index into [`RouteStatistics::versions`].
    pub version: Option<usize>,
}

/// One lost request.
#[derive(Debug, Clone)]
pub struct LossSample {
    /// When the request was due, since the start.
    pub due: Duration,
    /// When the loss was known, since the start.
    pub at: Duration,
    pub kind: LossKind,
    pub connection: ConnectionKind,
    /// The error or the unexpected value.
    pub detail: String,
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
                    pod: pod.map(|name| self.pods.insert_full(name).0),
                    version: version.map(|name| self.versions.insert_full(name).0),
                });
            }
            Observation::Outcome {
                outcome:
                    Outcome::Lost(Loss {
                        kind,
                        connection,
                        detail,
                    }),
                due,
                at,
            } => self.losses.push(LossSample {
                due,
                at,
                kind,
                connection,
                detail,
            }),
        }
    }

    pub fn responded(&self) -> u64 {
        self.responses.len() as u64
    }

    pub fn lost(&self) -> u64 {
        self.losses.len() as u64
    }

    /// Returns when the last loss of one of these kinds was known, since the start.
    pub fn last_loss(&self, kinds: &[LossKind]) -> Option<Duration> {
        let mut losses = self.losses.iter().rev();
        losses.find(|loss| kinds.contains(&loss.kind)).map(|loss| loss.at)
    }
}

/// Statistics that several tasks share.
#[derive(Clone)]
pub struct SharedStatistics(Arc<Shared>);

struct Shared {
    start: Instant,
    statistics: watch::Sender<RouteStatistics>,
    /// Gets what is seen, in place of the statistics.
    forward: Option<Box<dyn Fn(Observation) + Send + Sync>>,
}

impl SharedStatistics {
    /// Returns empty statistics. Times are counted from `start`.
    pub fn new(start: Instant) -> Self {
        Self(Arc::new(Shared {
            start,
            statistics: watch::Sender::default(),
            forward: None,
        }))
    }

    /// Returns statistics that stay empty: what is seen is forwarded.
    pub fn forwarding(start: Instant, forward: impl Fn(Observation) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared {
            start,
            statistics: watch::Sender::default(),
            forward: Some(Box::new(forward)),
        }))
    }

    pub fn record(&self, observation: Observation) {
        match &self.0.forward {
            Some(forward) => forward(observation),
            None => self
                .0
                .statistics
                .send_modify(|statistics| statistics.record(observation)),
        }
    }

    /// Returns a moment as the time since the start.
    pub fn since_start(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.0.start)
    }

    /// Waits until the statistics satisfy a predicate.
    pub async fn until(&self, predicate: impl Fn(&RouteStatistics) -> bool) {
        // The sender lives as long as this.
        let _ = self.0.statistics.subscribe().wait_for(predicate).await;
    }

    /// Returns the statistics, and leaves empty ones.
    pub fn take(&self) -> RouteStatistics {
        self.0.statistics.send_replace(RouteStatistics::default())
    }

    pub fn with<T>(&self, function: impl FnOnce(&RouteStatistics) -> T) -> T {
        function(&self.0.statistics.borrow())
    }
}
