//! The outcomes of one route in one scenario.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::outcome::{Answer, ConnectionKind, LossKind, Outcome};

/// Counts outcomes, and keeps when each happened.
#[derive(Debug)]
pub struct Tally {
    start: Instant,
    /// Requests sent.
    pub sent: u64,
    /// Answered requests that a proxy sent to more than one pod.
    pub retried: u64,
    /// The right responses.
    pub answers: Vec<AnswerSample>,
    /// The losses.
    pub losses: Vec<LossSample>,
    /// When connections were closed by the server without notice, since the start.
    pub closed_without_notice: Vec<Duration>,
    /// The pods that answered.
    pub pods: Names,
    /// The versions that answered.
    pub versions: Names,
    /// The pods of proxies, and how many requests each forwarded.
    pub proxies: BTreeMap<String, u64>,
    details: Names,
}

/// One right response.
#[derive(Debug, Clone, Copy)]
pub struct AnswerSample {
    /// When the request was due, since the start.
    pub due: Duration,
    /// From then until the response was complete.
    pub latency: Duration,
    /// Index into [`Tally::pods`].
    pub pod: Option<u16>,
    /// Index into [`Tally::versions`].
    pub version: Option<u16>,
}

/// One lost request.
#[derive(Debug, Clone, Copy)]
pub struct LossSample {
    /// When the request was due, since the start.
    pub due: Duration,
    /// The kind of loss.
    pub kind: LossKind,
    /// The kind of connection.
    pub connection: ConnectionKind,
    detail: u16,
}

impl Tally {
    /// Returns an empty tally. Times are counted from `start`.
    pub fn new(start: Instant) -> Self {
        Self {
            start,
            sent: 0,
            retried: 0,
            answers: Vec::new(),
            losses: Vec::new(),
            closed_without_notice: Vec::new(),
            pods: Names::default(),
            versions: Names::default(),
            proxies: BTreeMap::new(),
            details: Names::default(),
        }
    }

    /// Counts a request that is being sent.
    pub fn sent(&mut self) {
        self.sent += 1;
    }

    /// Counts what became of a request.
    pub fn record(&mut self, outcome: Outcome, due: Instant, now: Instant) {
        let latency = now.saturating_duration_since(due);
        let due = due.saturating_duration_since(self.start);
        match outcome {
            Outcome::Answered(Answer {
                pod,
                version,
                proxy,
                retried,
            }) => {
                self.retried += u64::from(retried);
                if let Some(proxy) = proxy {
                    *self.proxies.entry(proxy).or_default() += 1;
                }
                self.answers.push(AnswerSample {
                    due,
                    latency,
                    pod: pod.map(|name| self.pods.index(name)),
                    version: version.map(|name| self.versions.index(name)),
                });
            }
            Outcome::Lost(loss) => self.losses.push(LossSample {
                due,
                kind: loss.kind,
                connection: loss.connection,
                detail: self.details.index(loss.detail),
            }),
        }
    }

    /// Counts a connection that the server closed without having announced it.
    pub fn closed_without_notice(&mut self, now: Instant) {
        self.closed_without_notice
            .push(now.saturating_duration_since(self.start));
    }

    /// Returns how many requests got the right response.
    pub fn answered(&self) -> u64 {
        self.answers.len() as u64
    }

    /// Returns how many requests were lost.
    pub fn lost(&self) -> u64 {
        self.losses.len() as u64
    }

    /// Returns the error or the unexpected value of a loss.
    pub fn detail(&self, loss: &LossSample) -> &str {
        self.details.name(loss.detail)
    }
}

/// Distinct names, each with a small index.
#[derive(Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
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

    /// Returns all names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A tally that several tasks share.
#[derive(Debug, Clone)]
pub struct SharedTally(Arc<Mutex<Tally>>);

impl SharedTally {
    /// Returns an empty tally. Times are counted from `start`.
    pub fn new(start: Instant) -> Self {
        Self(Arc::new(Mutex::new(Tally::new(start))))
    }

    /// Returns the tally, and leaves an empty one.
    pub fn take(&self) -> Tally {
        self.with(|tally| {
            let start = tally.start;
            std::mem::replace(tally, Tally::new(start))
        })
    }

    /// Calls a function with the tally.
    pub fn with<T>(&self, function: impl FnOnce(&mut Tally) -> T) -> T {
        function(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
