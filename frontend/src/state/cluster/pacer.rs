//! Decides when the next submission is due.

/// Spreads submissions evenly over time, whatever the rate and the timer's interval.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pacer {
    /// The time of the last call, in milliseconds; `None` before the first.
    last_call: Option<f64>,
    /// The fraction of a submission that was due then and not sent.
    remainder: f64,
}

impl Pacer {
    /// Returns the number of submissions that are due now, at `rate` per second.
    ///
    /// After a pause of the timer, the missed ones are skipped: sending them all at once would be a burst.
    pub fn due(&mut self, now: f64, rate: u32) -> u32 {
        let elapsed = now - self.last_call.replace(now).unwrap_or(now - 1_000.0 / f64::from(rate));
        self.remainder = (self.remainder + elapsed * f64::from(rate) / 1_000.0).min(2.0);
        let due = self.remainder.floor();
        self.remainder -= due;
        due as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of submissions that are sent when the timer fires at these times.
    fn sent(rate: u32, times: impl Iterator<Item = u32>) -> u32 {
        let mut pacer = Pacer::default();
        times.map(|now| pacer.due(f64::from(now), rate)).sum()
    }

    #[test]
    fn the_first_submission_is_due_at_once() {
        assert_eq!(Pacer::default().due(5_000.0, 1), 1);
    }

    #[test]
    fn a_timer_of_twenty_milliseconds_keeps_any_rate() {
        for rate in [1, 7, 10, 33, 50] {
            let in_ten_seconds = sent(rate, (0..10_000).step_by(20));
            assert!(
                in_ten_seconds.abs_diff(10 * rate) <= 1,
                "{in_ten_seconds} at {rate} per second"
            );
        }
    }

    #[test]
    fn a_delayed_timer_causes_no_burst() {
        assert!(sent(50, [0, 20, 60_000].into_iter()) <= 4);
    }
}
