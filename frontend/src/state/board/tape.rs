//! The time line: the marks of the last minute, in pieces of one second.

use std::collections::VecDeque;
use std::rc::Rc;

/// How many seconds the time line shows.
pub const WINDOW: usize = 60;

/// The marks of the last [`WINDOW`] seconds, and of the second that runs.
///
/// A second that is over never changes again, so whoever draws it draws it once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tape {
    /// The seconds, oldest first, without gaps.
    pub seconds: VecDeque<Rc<Second>>,
    /// Whether a second has ended since the figures were last made.
    due: bool,
}

/// The marks of one second.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Second {
    /// Which second it is on the browser's clock.
    pub number: u32,
    /// Its marks, each with the millisecond of this second in which it was made.
    pub marks: Vec<(u32, Mark)>,
}

/// Something to be seen on the time line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// What it stands for.
    pub sign: Sign,
    /// How long an answer took, in milliseconds.
    pub millis: u32,
}

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sign {
    /// An answer.
    Answered {
        /// The [`Replica::id`](super::Replica::id) that gave it.
        replica: u32,
    },
    /// A try that did not get through; the submission is tried again.
    Retried,
    /// A submission that got no answer.
    Lost,
}

impl Mark {
    /// A mark that has no latency.
    pub fn of(sign: Sign) -> Self {
        Self { sign, millis: 0 }
    }
}

impl Tape {
    /// Moves on to the second of `now`, and forgets what has left the window.
    pub fn advance(&mut self, now: f64) {
        let current = (now / 1_000.0) as u32;
        while let Some(oldest) = self.seconds.front()
            && oldest.number as usize + WINDOW < current as usize
        {
            self.seconds.pop_front();
        }
        let next = self.seconds.back().map_or(current, |newest| newest.number + 1);
        for number in next..=current {
            self.seconds.push_back(Rc::new(Second {
                number,
                marks: Vec::new(),
            }));
            self.due = true;
        }
    }

    /// Puts a mark where its time is. One that is older than the window is dropped.
    pub fn push(&mut self, at: f64, mark: Mark) {
        let Some(newest) = self.seconds.back() else { return };
        // A mark from the future would only be a rounding error of the clock.
        let behind = newest.number.saturating_sub((at / 1_000.0) as u32) as usize;
        let index = (self.seconds.len() - 1).checked_sub(behind);
        if let Some(second) = index.and_then(|index| self.seconds.get_mut(index)) {
            Rc::make_mut(second).marks.push(((at % 1_000.0) as u32, mark));
        }
    }

    /// Whether a second has ended since this was last asked.
    pub fn figures_are_due(&mut self) -> bool {
        std::mem::take(&mut self.due)
    }

    /// How long the answers of one replica took, in milliseconds.
    pub fn millis_of(&self, id: u32) -> Vec<u32> {
        self.seconds
            .iter()
            .flat_map(|second| &second.marks)
            .filter(|(_, mark)| mark.sign == Sign::Answered { replica: id })
            .map(|(_, mark)| mark.millis)
            .collect()
    }
}
