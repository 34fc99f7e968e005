//! The outcome of a submission, and the retry policy.

use api::{Problem, SubmissionResponse};

/// The longest time that one attempt may take, in milliseconds. A replica normally answers within a few.
pub const ATTEMPT_TIMEOUT: u32 = 3_000;

/// The pause before each further attempt, in milliseconds. It grows, so that a recovering backend is not flooded.
pub const RETRY_PAUSES: [u32; 2] = [500, 1_500];

/// The number of attempts for one submission.
pub const MAX_ATTEMPTS: u32 = RETRY_PAUSES.len() as u32 + 1;

/// A replica's response, and what it took to get it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The response.
    pub response: SubmissionResponse,
    /// The time from the attempt that succeeded to the response, in milliseconds.
    pub millis: f64,
    /// The number of attempts.
    pub attempts: u32,
    /// Whether nginx sent one of them to a second replica.
    pub retried_by_nginx: bool,
}

/// Why a submission got no response. The texts are shown to the user.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The backend rejected it. Another attempt would not help.
    Rejected(Problem),
    /// Every attempt failed. Holds the reason of the last one.
    Lost(String),
}
