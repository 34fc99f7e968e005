//! A change of version, recognised by the responses alone.

use super::replica::{Phase, Replica};

/// A rollout: one version replaces another.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// The number of the version that answered before.
    pub from: usize,
    /// The number of the version that appeared.
    pub to: usize,
    /// The number of the event of its last step.
    pub event: u32,
    /// How it ended, and when.
    pub end: Option<(RolloutEnd, f64)>,
    /// When the new version first answered, in milliseconds.
    first_new: f64,
    /// When the old version last answered, in milliseconds.
    last_old: f64,
}

/// How a rollout ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RolloutEnd {
    /// Only the new version answers.
    Done {
        /// The time from the new version's first response to the old version's last one, in milliseconds. If they never
        /// answered at the same time, this is how long neither answered.
        took: f64,
    },
    /// Only the old version answers: the rollout was undone.
    Undone,
}

impl Rollout {
    /// Returns the rollout that begins with a response of version `to`, if others are present, and none of this version.
    pub fn begun_by(to: usize, at: f64, replicas: &[Replica], event: u32) -> Option<Self> {
        let is_present = |replica: &&Replica| !matches!(replica.phase(), Phase::Gone | Phase::Starting);
        let is_new = |replica: &Replica| replica.version == to;
        if replicas.iter().filter(is_present).any(is_new) {
            return None;
        }
        let old = || {
            replicas
                .iter()
                .filter(|replica| replica.answered > 0 && !is_new(replica))
        };
        // After an outage, none is present: then the last one that answered counts, which may be of this version.
        let answered = replicas.iter().filter(|replica| replica.answered > 0);
        let last = answered.max_by(|a, b| a.last_seen.total_cmp(&b.last_seen));
        let before = old().rfind(is_present).or_else(|| last.filter(|last| !is_new(last)))?;
        Some(Self {
            from: before.version,
            to,
            event,
            end: None,
            first_new: at,
            last_old: last_response(old()),
        })
    }

    /// Returns when it began, in milliseconds: from then on, losses belong to it.
    pub fn began(&self) -> f64 {
        self.first_new.min(self.last_old)
    }

    /// Ends the rollout if one of the versions no longer answers, and returns whether it has.
    pub fn tick(&mut self, replicas: &[Replica], now: f64) -> bool {
        if self.end.is_some() {
            return false;
        }
        let to = self.to;
        let of = |new: bool| {
            let replicas = replicas.iter();
            replicas.filter(move |replica| replica.answered > 0 && (replica.version == to) == new)
        };
        let is_present = |new| of(new).any(|replica| replica.phase() != Phase::Gone);
        let last_old = last_response(of(false)).max(self.last_old);
        let end = match (is_present(false), is_present(true)) {
            (false, true) => Some(RolloutEnd::Done {
                took: (last_old - self.first_new).abs(),
            }),
            (true, false) => Some(RolloutEnd::Undone),
            _ => None,
        };
        self.last_old = last_old;
        self.end = end.map(|end| (end, now));
        end.is_some()
    }
}

fn last_response<'a>(replicas: impl Iterator<Item = &'a Replica>) -> f64 {
    replicas
        .map(|replica| replica.last_seen)
        .fold(f64::NEG_INFINITY, f64::max)
}
