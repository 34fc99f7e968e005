//! A change of version, told by the answers alone.

use yew::AttrValue;

use super::Replica;

/// One version takes over from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// The version that answered before.
    pub from: AttrValue,
    /// The version that appeared.
    pub to: AttrValue,
    /// How far it is.
    pub phase: Phase,
    /// How many submissions were lost that were sent while it went on.
    pub lost: u32,
    /// When the new version first answered, in milliseconds.
    first_new: f64,
    /// When the old version last answered, in milliseconds.
    last_old: f64,
    /// When the old version was known to be gone, in milliseconds.
    over: f64,
}

/// How far a rollout is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phase {
    /// Both versions answer.
    UnderWay,
    /// Only the new version answers.
    Done {
        /// From the first answer of the new version to the last of the old one, in milliseconds. Where both never answered
        /// at the same time it is how long nobody answered.
        took: f64,
    },
    /// Only the old version answers: the rollout was undone.
    Undone,
}

impl Rollout {
    /// The rollout that begins with an answer of `version`, where one does: when others answer, and none of this version.
    pub fn begun_by(version: &str, at: f64, replicas: &[Replica], lost_since_answer: u32) -> Option<Self> {
        let present = || replicas.iter().filter(|replica| !replica.gone);
        if present().any(|replica| *replica.version == *version) {
            return None;
        }
        let newest = present().next_back()?;
        Some(Self {
            from: newest.version.clone(),
            to: AttrValue::from(version.to_owned()),
            phase: Phase::UnderWay,
            lost: lost_since_answer,
            first_new: at,
            last_old: last_answer(replicas, |other| *other.version != *version),
            over: f64::INFINITY,
        })
    }

    /// Counts a lost submission that was sent at `sent` while the rollout went on. That it is lost may be known only after
    /// the end, since it was tried again.
    pub fn lost(&mut self, sent: f64) {
        if sent >= self.first_new.min(self.last_old) && sent <= self.over {
            self.lost += 1;
        }
    }

    /// Looks whether one of the versions is gone.
    pub fn look_around(&mut self, replicas: &[Replica], now: f64) {
        if self.phase != Phase::UnderWay {
            return;
        }
        let is_new = |replica: &Replica| replica.version == self.to;
        let present = |new| replicas.iter().any(|replica| !replica.gone && is_new(replica) == new);
        self.last_old = last_answer(replicas, |replica| !is_new(replica)).max(self.last_old);
        match (present(false), present(true)) {
            (false, true) => {
                self.phase = Phase::Done {
                    took: (self.last_old - self.first_new).abs(),
                };
                self.over = now;
            }
            (true, false) => {
                self.phase = Phase::Undone;
                self.over = now;
            }
            _ => {}
        }
    }
}

fn last_answer(replicas: &[Replica], which: impl Fn(&Replica) -> bool) -> f64 {
    let times = replicas
        .iter()
        .filter(|replica| which(replica))
        .map(|replica| replica.last_seen);
    times.fold(f64::NEG_INFINITY, f64::max)
}
