//! The timeline: the marks of the last minute, in pieces of one second.

use std::{collections::VecDeque, rc::Rc};

/// The length of the timeline in seconds.
pub const WINDOW: usize = 60;

/// The marks of the last [`WINDOW`] seconds and of the current one.
///
/// A second in the past no longer changes, so it is drawn only once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// The seconds, oldest first, without gaps.
    pub seconds: VecDeque<Rc<Second>>,
    /// Whether a second has ended since the figures were computed.
    second_ended: bool,
}

/// The marks of one second.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Second {
    /// The number of this second on the browser's monotonic clock.
    pub number: u32,
    /// The marks, each with its millisecond within this second.
    pub marks: Vec<(u32, Mark)>,
}

/// A mark on the timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// What it stands for.
    pub kind: MarkKind,
    /// The latency of a response, in milliseconds.
    pub millis: u32,
}

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MarkKind {
    /// A response.
    Answered {
        /// The [`Replica::id`](super::Replica::id) of the replica that answered.
        replica: u32,
    },
    /// A failed attempt that is followed by another one.
    Retried,
    /// A submission that got no response.
    Lost,
    /// A replica acknowledged a fault.
    Broken {
        /// The [`Replica::id`](super::Replica::id).
        replica: u32,
    },
    /// A replica answered again after a fault or a restart.
    Recovered {
        /// The [`Replica::id`](super::Replica::id).
        replica: u32,
    },
}

impl Mark {
    /// Returns a mark without a latency.
    pub fn new(kind: MarkKind) -> Self {
        Self { kind, millis: 0 }
    }
}

impl Timeline {
    /// Adds the seconds up to `now`, and removes those that have left the window.
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
            self.second_ended = true;
        }
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

    /// Returns the number of losses since `from` that are on the timeline.
    pub fn losses_since(&self, from: f64) -> u32 {
        let seconds = self.seconds.iter().flat_map(|second| {
            let start = 1_000.0 * f64::from(second.number);
            second
                .marks
                .iter()
                .map(move |(millis, mark)| (start + f64::from(*millis), mark))
        });
        let lost = seconds.filter(|(at, mark)| mark.kind == MarkKind::Lost && *at >= from);
        u32::try_from(lost.count()).unwrap_or(u32::MAX)
    }

    /// Returns whether a second has ended since the last call.
    pub fn take_second_ended(&mut self) -> bool {
        std::mem::take(&mut self.second_ended)
    }

    /// Returns the latencies of one replica, in milliseconds.
    pub fn latencies_of(&self, id: u32) -> Vec<u32> {
        self.seconds
            .iter()
            .flat_map(|second| &second.marks)
            .filter(|(_, mark)| mark.kind == MarkKind::Answered { replica: id })
            .map(|(_, mark)| mark.millis)
            .collect()
    }
}
