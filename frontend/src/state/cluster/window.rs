//! The last minute: a mark for each observation, in pieces of one second.

use std::{collections::VecDeque, rc::Rc};

/// The length of the window in seconds.
pub const WINDOW: usize = 60;

/// The marks of the last [`WINDOW`] seconds and of the current one.
///
/// A second in the past no longer changes, so it is drawn only once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Window {
    /// The seconds, oldest first, without gaps.
    pub seconds: VecDeque<Rc<Second>>,
}

/// The marks of one second.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Second {
    /// The number of this second on the browser's monotonic clock.
    pub number: u32,
    /// The marks, each with its millisecond within this second.
    pub marks: Vec<(u32, Mark)>,
    /// The number of submissions that were sent.
    pub sent: u32,
    /// The number of submissions that were due and not sent.
    pub skipped: u32,
}

/// A mark of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A response.
    Answered {
        /// The [`Replica::id`](super::Replica::id) of the replica that answered.
        replica: u32,
        /// The latency in milliseconds.
        millis: u32,
    },
    /// A failed attempt that is followed by another one.
    Retried,
    /// A submission that got no response.
    Lost,
}

impl Window {
    /// Adds the seconds up to `now`, removes those that have left the window, and returns whether a second has ended.
    pub fn advance(&mut self, now: f64) -> bool {
        let current = (now / 1_000.0) as u32;
        while self
            .seconds
            .front()
            .is_some_and(|oldest| oldest.number + (WINDOW as u32) < current)
        {
            self.seconds.pop_front();
        }
        let next = self.seconds.back().map_or(current, |newest| newest.number + 1);
        for number in next.max(current.saturating_sub(WINDOW as u32))..=current {
            self.seconds.push_back(Rc::new(Second {
                number,
                ..Second::default()
            }));
        }
        next <= current
    }

    /// Adds a mark at its time. One that is older than the window is dropped.
    pub fn push(&mut self, at: f64, mark: Mark) {
        let Some(newest) = self.seconds.back() else { return };
        // A mark in the future can only be a rounding error of the clock.
        let age = newest.number.saturating_sub((at / 1_000.0) as u32) as usize;
        let index = (self.seconds.len() - 1).checked_sub(age);
        if let Some(second) = index.and_then(|index| self.seconds.get_mut(index)) {
            Rc::make_mut(second).marks.push(((at as u64 % 1_000) as u32, mark));
        }
    }

    /// Counts a submission that was due now.
    pub fn due(&mut self, sent: bool) {
        if let Some(second) = self.seconds.back_mut() {
            let second = Rc::make_mut(second);
            *(if sent { &mut second.sent } else { &mut second.skipped }) += 1;
        }
    }

    /// Returns how many submissions a second are sent, if not all that were due in the last three full seconds were.
    pub fn achieved_rate(&self) -> Option<u32> {
        let last = || self.seconds.iter().rev().skip(1).take(3);
        let skipped: u32 = last().map(|second| second.skipped).sum();
        let sent: u32 = last().map(|second| second.sent).sum();
        (skipped > 2).then(|| (sent + 1) / 3)
    }

    /// Returns the marks of the last full `seconds`.
    pub fn last(&self, seconds: usize) -> impl Iterator<Item = Mark> {
        let seconds = self.seconds.iter().rev().skip(1).take(seconds);
        seconds.flat_map(|second| second.marks.iter().map(|(_, mark)| *mark))
    }

    /// Returns the number of losses in the window.
    pub fn lost(&self) -> u32 {
        let marks = self.seconds.iter().flat_map(|second| &second.marks);
        u32::try_from(marks.filter(|(_, mark)| *mark == Mark::Lost).count()).unwrap_or(u32::MAX)
    }

    /// Returns when the last loss in the window became known, in milliseconds.
    pub fn last_lost(&self) -> Option<f64> {
        self.seconds.iter().rev().find_map(|second| {
            let mut marks = second.marks.iter().rev();
            let (millis, _) = marks.find(|(_, mark)| *mark == Mark::Lost)?;
            Some(1_000.0 * f64::from(second.number) + f64::from(*millis))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_bounded_even_after_a_long_pause() {
        let mut window = Window::default();
        for now in [0.0, 1_000.0, 30_000.0, 500_000.0] {
            window.advance(now);
            window.push(now, Mark::Lost);
        }
        assert!(window.seconds.len() <= WINDOW + 1);
        assert_eq!((window.lost(), window.last_lost()), (1, Some(500_000.0)));
    }

    #[test]
    fn the_achieved_rate_is_said_where_it_is_not_the_chosen_one() {
        let mut window = Window::default();
        for second in 0..5 {
            window.advance(1_000.0 * f64::from(second));
            (0..50).for_each(|number| window.due(number < 24));
        }
        assert_eq!(window.achieved_rate(), Some(24));
        for second in 5..9 {
            window.advance(1_000.0 * f64::from(second));
            (0..50).for_each(|_| window.due(true));
        }
        assert_eq!(window.achieved_rate(), None);
    }
}
