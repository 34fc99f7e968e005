//! Replicas that come and go: which are more than before, and which take another one's place.

use super::{Cluster, Kind, Phase, story::ATTEMPT_TIME};
use crate::{experiments::Sign, state::text::count};

/// Replicas that come or go within this time belong to one event, in milliseconds.
pub(super) const MERGE_TIME: f64 = 10_000.0;

/// How long after the start all replicas count as there from the beginning, in milliseconds.
const FIRST_TIME: f64 = 3_000.0;

/// How long after another one has ended a new replica takes its place, in milliseconds.
const REPLACE_TIME: f64 = 30_000.0;

/// How long before another one has ended the replica that takes its place may have come, in milliseconds: while that one drains. One
/// that was there before has come for another reason.
const DRAIN_TIME: f64 = 15_000.0;

impl Cluster {
    /// A replica answers for the first time.
    pub(super) fn joined(&mut self, id: u32, at: f64) {
        let Some(replica) = self.replicas.iter().find(|replica| replica.id == id) else {
            return;
        };
        let (version, name) = (replica.version, replica.short_name().to_owned());
        if at - self.begun < FIRST_TIME {
            let text = answer(self.answering().count());
            match self.joined {
                Some((event, _)) => self.log.set_text(event, text),
                None => self.joined = Some((self.log.add(at, at, Kind::Ok, None, text), 0)),
            }
        } else if self
            .rollout
            .as_ref()
            .is_some_and(|rollout| rollout.end.is_none() && rollout.to == version)
        {
            let text = format!("{name} answers as {}", self.versions[version]);
            self.log.add(at, at - ATTEMPT_TIME, Kind::Change, Some(version), text);
        } else if let Some(old) = self.partner(id, at) {
            let text = format!("{name} took {old}'s place");
            let event = self.log.add(at, at - MERGE_TIME, Kind::Ok, None, text);
            self.see(
                Sign::Replaced,
                at,
                format!("{old} ended, {name} took its place"),
                false,
                event,
            );
        } else {
            self.more(at);
        }
    }

    /// One more replica answers, beside all the others.
    fn more(&mut self, at: f64) {
        let merged = self
            .joined
            .filter(|(event, _)| self.log.get(*event).is_some_and(|event| at - event.at < MERGE_TIME));
        let number = merged.map_or(1, |(_, number)| number + 1);
        let text = match number {
            1 => "1 more replica answers".to_owned(),
            _ => format!("{number} more replicas answer"),
        };
        let event = match merged {
            Some((event, _)) if number > 1 => {
                self.log.set_text(event, text.clone());
                event
            }
            _ => self.log.open(at, at - ATTEMPT_TIME, Kind::Ok, None, text.clone()),
        };
        self.joined = Some((event, number));
        self.see(Sign::More, at, text, true, event);
    }

    /// Returns the name of the replica of the same version whose place this one takes, or which takes its place.
    fn partner(&mut self, id: u32, at: f64) -> Option<String> {
        let index = self.replicas.iter().position(|replica| replica.id == id)?;
        let (version, is_gone) = (
            self.replicas[index].version,
            self.replicas[index].phase() == Phase::Gone,
        );
        let first = self.begun + FIRST_TIME;
        let partner = self.replicas.iter_mut().find(|other| {
            let (since, limit) = match is_gone {
                true => (other.found, DRAIN_TIME),
                false => (other.since(), REPLACE_TIME),
            };
            let is_opposite = if is_gone {
                other.is_answering()
            } else {
                other.phase() == Phase::Gone
            };
            other.id != id
                && other.version == version
                && other.answered > 0
                && !other.matched
                && is_opposite
                && since >= first
                && at - since < limit
        })?;
        partner.matched = true;
        let name = partner.short_name().to_owned();
        self.replicas[index].matched = true;
        Some(name)
    }

    /// A replica was found that has not answered yet.
    pub(super) fn starting(&mut self, id: u32, at: f64) {
        self.awaited = None;
        if let Some(replica) = self.replicas.iter().find(|replica| replica.id == id) {
            let text = format!(
                "{} ({}) is starting",
                replica.short_name(),
                self.versions[replica.version]
            );
            self.log.add(at, at, Kind::Change, Some(replica.version), text);
        }
    }

    /// A replica no longer answers.
    pub(super) fn gone(&mut self, id: u32, never_answered: bool, is_outage: bool) {
        let now = self.now;
        let Some(replica) = self.replicas.iter().find(|replica| replica.id == id) else {
            return;
        };
        let (name, last_seen) = (replica.short_name().to_owned(), replica.last_seen);
        if never_answered {
            let text = format!("{name} is gone: it never became ready");
            self.log.add(now, now, Kind::Ok, None, text);
            return;
        }
        // The event of the outage says it.
        if is_outage {
            return;
        }
        let merged = self
            .ended
            .filter(|(event, _)| self.log.get(*event).is_some_and(|event| now - event.at < MERGE_TIME));
        let number = merged.map_or(1, |(_, number)| number + 1);
        let event = match merged {
            Some((event, _)) => event,
            None => self
                .log
                .open(now, last_seen - ATTEMPT_TIME, Kind::Ok, None, String::new()),
        };
        // Whether its process has ended, or only its Service has changed, cannot be seen from here.
        let cost = self.log.get(event).map_or(0, |event| event.lost + event.retried);
        let text = match (number, cost) {
            (1, 0) => format!("{name} gets no more submissions"),
            (1, _) => format!("{name} no longer answers"),
            (_, 0) => format!("{number} replicas get no more submissions"),
            (_, _) => format!("{number} replicas no longer answer"),
        };
        self.log.set_text(event, text);
        self.log.close(event, now);
        self.ended = Some((event, number));
        if self.rollout.as_ref().is_some_and(|rollout| rollout.end.is_none()) {
            return;
        }
        if let Some(new) = self.partner(id, now) {
            self.sightings[Sign::More as usize] = None;
            self.see(
                Sign::Replaced,
                now,
                format!("{name} ended, {new} took its place"),
                false,
                event,
            );
        }
    }
}

/// Returns how many replicas answer: `1 replica answers`, `2 replicas answer`.
pub(super) fn answer(number: usize) -> String {
    format!(
        "{} answer{}",
        count(number, "replica"),
        if number == 1 { "s" } else { "" }
    )
}
