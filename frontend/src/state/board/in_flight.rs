//! The generated submissions that have no outcome yet.

use std::collections::VecDeque;

use crate::state::outcome::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, RETRY_PAUSES};

/// The submissions in flight, oldest first. Each one leaves it exactly once: with its outcome, or because it is overdue.
#[derive(Debug, Default)]
pub struct InFlight {
    submissions: VecDeque<InFlightSubmission>,
    next: u32,
}

#[derive(Debug)]
struct InFlightSubmission {
    id: u32,
    sent: f64,
}

impl InFlight {
    /// The longest time that a submission can take, in milliseconds, and a second for a busy browser.
    pub const TIMEOUT: f64 = (MAX_ATTEMPTS * ATTEMPT_TIMEOUT + RETRY_PAUSES[0] + RETRY_PAUSES[1] + 1_000) as f64;

    /// Returns the number of submissions in flight.
    pub fn len(&self) -> usize {
        self.submissions.len()
    }

    /// Returns whether no submission is in flight.
    pub fn is_empty(&self) -> bool {
        self.submissions.is_empty()
    }

    /// Adds a submission that is sent now, and returns its id.
    pub fn add(&mut self, now: f64) -> u32 {
        let id = self.next;
        self.next += 1;
        self.submissions.push_back(InFlightSubmission { id, sent: now });
        id
    }

    /// Removes a submission that has an outcome, and returns when it was sent; `None` where it was overdue.
    pub fn remove(&mut self, id: u32) -> Option<f64> {
        let index = self.submissions.iter().position(|submission| submission.id == id)?;
        Some(self.submissions.remove(index)?.sent)
    }

    /// Removes a submission that should have had an outcome by now, and returns when it was sent.
    ///
    /// The browser owes every request an outcome, and the page has a timeout for each. This is for the rest: an exception in
    /// the browser or in an extension that replaces `fetch` would otherwise leave a submission in flight for ever.
    pub fn remove_overdue(&mut self, now: f64) -> Option<f64> {
        let oldest = self.submissions.front()?;
        if now - oldest.sent <= Self::TIMEOUT {
            return None;
        }
        Some(self.submissions.pop_front()?.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_leaves_with_its_outcome() {
        let mut in_flight = InFlight::default();
        let (first, second) = (in_flight.add(1.0), in_flight.add(2.0));
        assert_eq!(in_flight.remove(second), Some(2.0));
        assert_eq!(in_flight.remove(second), None);
        assert_eq!(in_flight.remove(first), Some(1.0));
        assert!(in_flight.is_empty());
    }

    #[test]
    fn a_submission_without_an_outcome_is_overdue_after_the_timeouts_of_all_attempts() {
        let mut in_flight = InFlight::default();
        let id = in_flight.add(0.0);
        assert_eq!(in_flight.remove_overdue(11_000.0), None);
        assert_eq!(in_flight.remove_overdue(13_000.0), Some(0.0));
        assert_eq!((in_flight.remove(id), in_flight.len()), (None, 0));
    }
}
