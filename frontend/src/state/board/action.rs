//! The actions that change the board.

use api::Fault;

use crate::state::outcome::Reply;

/// Everything that can happen to the board.
#[derive(Debug, Clone, PartialEq)]
pub enum BoardAction {
    /// The user starts the load generator: a new run.
    Started {
        /// The Unix time at which the browser's monotonic clock was 0, in milliseconds.
        time_origin: f64,
    },
    /// The user stops it.
    Stopped,
    /// The user chooses the number of submissions per second.
    RateChosen(u32),
    /// The page was hidden (`true`) or shown again.
    Hidden(bool),
    /// The user asks a replica to inject a fault.
    FaultRequested {
        /// The pod.
        pod: String,
        /// The fault.
        fault: Fault,
    },
    /// The request for a fault has an outcome.
    FaultAnswered {
        /// The pod.
        pod: String,
        /// The fault.
        fault: Fault,
        /// When the replica acknowledged it, or why it did not.
        outcome: Result<f64, String>,
    },
    /// The load generator reports.
    Observed {
        /// The time of the report, in milliseconds on the browser's monotonic clock.
        now: f64,
        /// Whether new submissions wait, because too many are in flight.
        throttled: bool,
        /// The events since the last report, oldest first.
        events: Vec<Event>,
    },
}

/// An event of a submission, or of the search for replicas. Times are milliseconds on the browser's monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The first attempt was sent.
    Sent,
    /// An attempt failed, and the next one follows.
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
