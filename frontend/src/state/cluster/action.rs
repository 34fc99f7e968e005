//! The actions that change the cluster's view. Times are milliseconds on the browser's monotonic clock.

use api::{Fault, Platform};

use crate::state::outcome::Reply;

/// Everything that can happen to the view of the cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusterAction {
    /// The user starts the load generator: a new run.
    Started {
        /// When.
        at: f64,
        /// The time of day at which the monotonic clock was 0, in milliseconds since midnight.
        midnight: f64,
    },
    /// The user stops it.
    Stopped,
    /// The user chooses the number of submissions per second.
    RateChosen(u32),
    /// The page was hidden (`true`) or shown again.
    Hidden {
        /// Whether it is hidden.
        hidden: bool,
        /// When.
        at: f64,
    },
    /// A replica said where it runs, before the first run.
    Found(Platform),
    /// The user copied the command of the experiment with this number.
    Copied(usize),
    /// The request for a fault has an outcome.
    FaultInjected {
        /// The pod.
        pod: String,
        /// The fault.
        fault: Fault,
        /// When the replica acknowledged it, or why it did not.
        outcome: Result<f64, String>,
    },
    /// The load generator reports.
    Observed {
        /// The time of the report.
        now: f64,
        /// The observations since the last report, oldest first.
        observations: Vec<Observation>,
    },
}

/// What the load generator observes.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// A submission was sent.
    Sent,
    /// A submission was due, but the browser holds as many requests as it can.
    Skipped,
    /// An attempt failed, and another one follows.
    Retried {
        /// When it failed.
        at: f64,
    },
    /// A replica answered.
    Answered {
        /// When the response arrived.
        at: f64,
        /// The response.
        reply: Reply,
    },
    /// A replica described itself, on request.
    Described {
        /// When the response arrived.
        at: f64,
        /// The replica.
        replica: api::Replica,
    },
    /// Every attempt failed.
    Lost {
        /// When the first attempt was sent.
        sent: f64,
        /// When the last attempt failed.
        at: f64,
    },
}
