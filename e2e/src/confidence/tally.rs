//! What one client has seen in one scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::client::Outcome;

/// The longest time that is told apart, in microseconds.
const HOUR: u64 = 3_600_000_000;

/// What became of one client's submissions.
#[derive(Debug, Clone)]
pub struct Tally {
    /// How many were sent.
    pub sent: u64,
    /// How many got the right answer.
    pub answered: u64,
    /// How many of the answered ones nginx tried more than once.
    pub retried: u64,
    /// How many were lost, by cause.
    pub lost: BTreeMap<String, u64>,
    /// The versions that answered.
    pub versions: BTreeSet<String>,
    /// The pods of the backend that answered.
    pub backend_pods: BTreeSet<String>,
    /// The pods of the frontend that passed submissions on.
    pub frontend_pods: BTreeSet<String>,
    micros: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            sent: 0,
            answered: 0,
            retried: 0,
            lost: BTreeMap::new(),
            versions: BTreeSet::new(),
            backend_pods: BTreeSet::new(),
            frontend_pods: BTreeSet::new(),
            micros: Histogram::new_with_bounds(1, HOUR, 3)
                .expect("these bounds and three significant digits are allowed"),
        }
    }
}

impl Tally {
    /// Counts a submission that is on its way.
    pub fn sent(&mut self) {
        self.sent += 1;
    }

    /// Counts what became of one, and how long it took from the moment at which it was due.
    pub fn record(&mut self, outcome: Outcome, took: Duration) {
        match outcome {
            Outcome::Answered {
                answer,
                frontend_pod,
                retried,
            } => {
                self.answered += 1;
                self.retried += u64::from(retried);
                self.versions.insert(answer.version);
                self.backend_pods.insert(answer.pod);
                self.frontend_pods.extend(frontend_pod);
                self.micros
                    .saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
            }
            Outcome::Lost(cause) => *self.lost.entry(cause).or_default() += 1,
        }
    }

    /// How many were lost, whatever the cause.
    pub fn lost(&self) -> u64 {
        self.lost.values().sum()
    }

    /// The time within which this share of the answers came, such as 0.99.
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.micros.value_at_quantile(share))
    }
}
