//! The board: what a steady stream of submissions shows of the cluster. Bounded, however long it runs.

mod action;
mod pacer;
mod replica;
mod rollout;
mod tape;

pub use action::{BoardAction, Event};
pub use pacer::Pacer;
pub use replica::{Latencies, Replica};
pub use rollout::{Phase, Rollout};
pub use tape::{Mark, Second, Sign, Tape, WINDOW};

use crate::client::Reply;

/// The rates that can be chosen, in submissions a second.
pub const RATES: std::ops::RangeInclusive<u32> = 1..=50;

/// All that the board shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// Whether submissions are to be sent.
    pub running: bool,
    /// How many a second.
    pub rate: u32,
    /// Whether nobody can see the page: then nothing is sent.
    pub hidden: bool,
    /// Whether the stream had to pause since it was started, because nobody could see the page.
    pub was_hidden: bool,
    /// Whether so many submissions are under way that new ones wait.
    pub held_back: bool,
    /// What became of the submissions.
    pub totals: Totals,
    /// The replicas that answered within the last [`WINDOW`] seconds, in the order of their appearance.
    pub replicas: Vec<Replica>,
    /// The answers and losses of the last [`WINDOW`] seconds.
    pub tape: Tape,
    /// The last change of version.
    pub rollout: Option<Rollout>,
    /// When the stream last told, in milliseconds on the browser's clock.
    now: f64,
    /// How many submissions are known to be lost since the last answer.
    lost_since_answer: u32,
}

/// What became of the submissions since the stream was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many a replica answered.
    pub answered: u32,
    /// How many of those needed more than one try.
    pub retried: u32,
    /// How many got no answer although they were tried again.
    pub lost: u32,
    /// How many have no outcome yet.
    pub under_way: u32,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            running: false,
            rate: 10,
            hidden: false,
            was_hidden: false,
            held_back: false,
            totals: Totals::default(),
            replicas: Vec::new(),
            tape: Tape::default(),
            rollout: None,
            now: 0.0,
            lost_since_answer: 0,
        }
    }
}

impl Totals {
    /// How many submissions were sent.
    pub fn sent(&self) -> u32 {
        self.answered + self.lost + self.under_way
    }
}

impl Board {
    /// Whether submissions are being sent: nobody would see what they show while the page is hidden.
    pub fn is_sending(&self) -> bool {
        self.running && !self.hidden
    }

    /// Whether submissions would be sent, if only somebody could see the page.
    pub fn is_paused(&self) -> bool {
        self.running && self.hidden
    }

    /// Which part of the answers came from this replica, in percent; `None` in its first second, of which there are no
    /// figures yet.
    pub fn share(&self, replica: &Replica) -> Option<u32> {
        replica.latencies?;
        let all: u32 = self.replicas.iter().map(|replica| replica.recent).sum();
        (100 * replica.recent + all / 2).checked_div(all)
    }

    /// For how many full seconds a replica has been silent.
    pub fn silence_of(&self, replica: &Replica) -> u32 {
        ((self.now - replica.last_seen) / 1_000.0) as u32
    }

    /// What happens to the board when `action` happens.
    pub fn apply(&mut self, action: BoardAction) {
        match action {
            BoardAction::Started => {
                *self = Self {
                    running: true,
                    rate: self.rate,
                    ..Self::default()
                };
            }
            BoardAction::Stopped => {
                self.running = false;
                self.withdraw();
            }
            BoardAction::RateChosen(rate) => self.rate = rate.clamp(*RATES.start(), *RATES.end()),
            BoardAction::Hidden(hidden) => {
                self.hidden = hidden;
                if hidden && self.running {
                    self.was_hidden = true;
                    self.withdraw();
                }
            }
            // What is told late, after a stop, is of no interest any more.
            BoardAction::Observed { .. } if !self.is_sending() => {}
            BoardAction::Observed { now, held_back, events } => {
                self.now = now;
                self.held_back = held_back;
                self.tape.advance(now);
                events.into_iter().for_each(|event| self.observe(event));
                self.look_around(now);
            }
        }
    }

    /// What is under way is given up, and counts as never sent.
    fn withdraw(&mut self) {
        self.totals.under_way = 0;
        self.held_back = false;
    }

    fn observe(&mut self, event: Event) {
        match event {
            Event::Sent => self.totals.under_way += 1,
            Event::Retried { at } => self.tape.push(at, Mark::of(Sign::Retried)),
            Event::Answered { at, reply } => self.answered(at, reply),
            Event::Lost { sent, at } => {
                self.totals.under_way = self.totals.under_way.saturating_sub(1);
                self.totals.lost += 1;
                self.lost_since_answer += 1;
                self.tape.push(at, Mark::of(Sign::Lost));
                if let Some(rollout) = &mut self.rollout {
                    rollout.lost(sent);
                }
            }
        }
    }

    fn answered(&mut self, at: f64, reply: Reply) {
        self.totals.under_way = self.totals.under_way.saturating_sub(1);
        self.totals.answered += 1;
        self.totals.retried += u32::from(reply.tries > 1);
        let version = &reply.answer.version;
        if let Some(rollout) = Rollout::begun_by(version, at, &self.replicas, self.lost_since_answer) {
            self.rollout = Some(rollout);
        }
        self.lost_since_answer = 0;
        let replica = Replica::find_or_add(&mut self.replicas, &reply.answer);
        replica.answered += 1;
        replica.last_seen = at;
        replica.missed = 0;
        let mark = Mark {
            sign: Sign::Answered { replica: replica.id },
            millis: reply.millis as u32,
        };
        let id = replica.id;
        for other in self.replicas.iter_mut().filter(|other| other.id != id) {
            other.missed += 1;
        }
        self.tape.push(at, mark);
    }

    /// Who is gone, what that means for a rollout, and once a second the figures of the last [`WINDOW`] seconds.
    fn look_around(&mut self, now: f64) {
        let living = self.replicas.iter().filter(|replica| !replica.gone).count();
        let patience = replica::patience(living.max(1));
        for replica in &mut self.replicas {
            replica.gone = replica.missed >= patience && now - replica.last_seen >= replica::STALL;
        }
        if let Some(rollout) = &mut self.rollout {
            rollout.look_around(&self.replicas, now);
        }
        if self.tape.figures_are_due() {
            for replica in &mut self.replicas {
                let millis = self.tape.millis_of(replica.id);
                replica.recent = u32::try_from(millis.len()).unwrap_or(u32::MAX);
                replica.latencies = Latencies::of(millis);
            }
            self.replicas.retain(|replica| replica.recent > 0);
        }
    }
}

#[cfg(test)]
mod tests;
