//! What can happen to the board.

use crate::client::Reply;

/// What can happen to the board.
#[derive(Debug, Clone, PartialEq)]
pub enum BoardAction {
    /// The person starts the stream: a new run.
    Started,
    /// The person stops it.
    Stopped,
    /// The person chooses how many submissions a second to send.
    RateChosen(u32),
    /// The page was hidden (`true`) or is seen again.
    Hidden(bool),
    /// What the stream saw since it last told, in this order.
    Observed {
        /// When it told, in milliseconds on the browser's clock.
        now: f64,
        /// Whether so many submissions are under way that new ones wait.
        held_back: bool,
        /// What it saw.
        events: Vec<Event>,
    },
}

/// Something that happened to one submission of the stream. Times are milliseconds on the browser's clock.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It was sent for the first time.
    Sent,
    /// A try did not get through, and it is tried again.
    Retried {
        /// When that was known.
        at: f64,
    },
    /// A replica answered.
    Answered {
        /// When the answer arrived.
        at: f64,
        /// The answer.
        reply: Reply,
    },
    /// No try got through.
    Lost {
        /// When it was sent for the first time.
        sent: f64,
        /// When that was known.
        at: f64,
    },
}
