//! A change of version, recognised by the responses alone.

use yew::AttrValue;

use super::replica::Replica;

/// A rollout: one version replaces another.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// The version that answered before.
    pub from: AttrValue,
    /// The version that appeared.
    pub to: AttrValue,
    /// How far it is.
    pub phase: RolloutPhase,
    /// The number of lost submissions that were sent during the rollout.
    pub lost: u32,
    /// When the new version first answered, in milliseconds.
    first_new: f64,
    /// When the old version last answered, in milliseconds.
    last_old: f64,
    /// When the rollout was recognised as finished, in milliseconds.
    end: f64,
}

/// How far a rollout is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RolloutPhase {
    /// Both versions answer.
    InProgress,
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
    /// Returns the rollout that begins with a response of `version`: if others are present, and none of this version.
    pub fn begun_by(version: &str, at: f64, replicas: &[Replica], lost_since_response: u32) -> Option<Self> {
        let present = || replicas.iter().filter(|replica| !replica.gone);
        if present().any(|replica| *replica.version == *version) {
            return None;
        }
        let newest = present().next_back()?;
        Some(Self {
            from: newest.version.clone(),
            to: AttrValue::from(version.to_owned()),
            phase: RolloutPhase::InProgress,
            lost: lost_since_response,
            first_new: at,
            last_old: last_response(replicas, |other| *other.version != *version),
            end: f64::INFINITY,
        })
    }

    /// Counts a lost submission that was sent at `sent`, if that was during the rollout.
    ///
    /// Because of the retries, a loss may be known only after the end.
    pub fn count_lost(&mut self, sent: f64) {
        if sent >= self.first_new.min(self.last_old) && sent <= self.end {
            self.lost += 1;
        }
    }

    /// Ends the rollout if one of the versions is gone.
    pub fn tick(&mut self, replicas: &[Replica], now: f64) {
        if self.phase != RolloutPhase::InProgress {
            return;
        }
        let is_new = |replica: &Replica| replica.version == self.to;
        let present = |new| replicas.iter().any(|replica| !replica.gone && is_new(replica) == new);
        self.last_old = last_response(replicas, |replica| !is_new(replica)).max(self.last_old);
        self.phase = match (present(false), present(true)) {
            (false, true) => RolloutPhase::Done {
                took: (self.last_old - self.first_new).abs(),
            },
            (true, false) => RolloutPhase::Undone,
            _ => return,
        };
        self.end = now;
    }
}

fn last_response(replicas: &[Replica], which: impl Fn(&Replica) -> bool) -> f64 {
    let times = replicas
        .iter()
        .filter(|replica| which(replica))
        .map(|replica| replica.last_seen);
    times.fold(f64::NEG_INFINITY, f64::max)
}
