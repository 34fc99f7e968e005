//! When the next submission of the stream is due.

/// Spreads submissions evenly over time, whatever the rate and however coarse the timer that asks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pacer {
    /// When it was last asked, in milliseconds, or `None` before that.
    asked: Option<f64>,
    /// What part of a submission was due then and not sent.
    owed: f64,
}

impl Pacer {
    /// How many submissions are due now, at `rate` a second. After a pause of the timer none are made up for: that would be
    /// a burst, not a stream.
    pub fn due(&mut self, now: f64, rate: u32) -> u32 {
        let elapsed = now - self.asked.replace(now).unwrap_or(now - 1_000.0 / f64::from(rate));
        self.owed = (self.owed + elapsed * f64::from(rate) / 1_000.0).min(2.0);
        let due = self.owed.floor();
        self.owed -= due;
        due as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many submissions are sent when the timer asks at these times.
    fn sent(rate: u32, times: impl Iterator<Item = u32>) -> u32 {
        let mut pacer = Pacer::default();
        times.map(|now| pacer.due(f64::from(now), rate)).sum()
    }

    #[test]
    fn the_first_is_due_at_once() {
        assert_eq!(Pacer::default().due(5_000.0, 1), 1);
    }

    #[test]
    fn any_rate_is_kept_by_a_timer_of_twenty_milliseconds() {
        for rate in [1, 7, 10, 33, 50] {
            let in_ten_seconds = sent(rate, (0..10_000).step_by(20));
            assert!(
                in_ten_seconds.abs_diff(10 * rate) <= 1,
                "{in_ten_seconds} at {rate} a second"
            );
        }
    }

    #[test]
    fn a_timer_that_was_held_up_causes_no_burst() {
        assert!(sent(50, [0, 20, 60_000].into_iter()) <= 4);
    }
}
