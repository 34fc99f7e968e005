//! What happens in the cluster: events that are derived from the observations.

use api::Fault;

use super::{
    ActiveFault, Cluster, Kind, OUTAGE_TIMEOUT, Phase, Rollout, RolloutEnd,
    fault::words,
    replica::{START_TIMEOUT, short_name},
};
use crate::{
    experiments::Sign,
    state::text::{count, seconds},
};

/// Replicas that come or go within this time belong to one event, in milliseconds.
const MERGE_TIME: f64 = 10_000.0;

/// How long after the start all replicas count as there from the beginning, in milliseconds.
const FIRST_TIME: f64 = 3_000.0;

/// How long after another one has ended a new replica takes its place, or the other way round, in milliseconds.
const REPLACE_TIME: f64 = 30_000.0;

/// How long after an answer its request may still have been lost, in milliseconds: one attempt.
const ATTEMPT_TIME: f64 = 3_000.0;

/// How long there may be no news of a rollout that the page knows of, in milliseconds.
const NEWS_TIMEOUT: f64 = 30_000.0;

/// An experiment that the page has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// When, in milliseconds after midnight.
    pub time_of_day: f64,
    /// What was seen.
    pub text: String,
    /// Whether it has not ended yet.
    pub ongoing: bool,
    /// The number of submissions that were lost meanwhile.
    pub lost: u32,
    /// The number of its event in this run.
    event: Option<u32>,
}

impl Sighting {
    /// Returns the same in the next run, which has events of its own.
    pub fn of_earlier_run(self) -> Self {
        Self {
            ongoing: false,
            event: None,
            ..self
        }
    }
}

impl Cluster {
    pub(super) fn rollout_begun(&mut self, at: f64, rollout: Option<Rollout>) {
        let Some(mut rollout) = rollout else { return };
        let version = &self.versions[rollout.to];
        let text = match self.answered_of[rollout.to] == 1 {
            true => format!("{version} answers for the first time"),
            false => format!("{version} answers again"),
        };
        rollout.event = self.log.open(at, rollout.began(), Kind::Change, Some(rollout.to), text);
        let (event, text) = (rollout.event, format!("{version} is taking over"));
        self.rollout = Some(rollout);
        self.see(Sign::Rollout, at, text, true, event);
    }

    /// A replica answers for the first time.
    pub(super) fn joined(&mut self, id: u32, at: f64) {
        let Some(replica) = self.replicas.iter().find(|replica| replica.id == id) else {
            return;
        };
        let (version, name) = (replica.version, replica.short_name().to_owned());
        if at - self.started < FIRST_TIME {
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
        let begun = self.started + FIRST_TIME;
        let partner = self.replicas.iter_mut().find(|other| {
            let since = if is_gone { other.found } else { other.since() };
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
                && since >= begun
                && at - since < REPLACE_TIME
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

    /// A replica answers with a new process.
    pub(super) fn restarted(&mut self, id: u32, since: f64, at: f64) {
        let Some(replica) = self.replicas.iter_mut().find(|replica| replica.id == id) else {
            return;
        };
        let name = replica.short_name().to_owned();
        match replica.fault.take() {
            Some(active) => {
                let past = words(active.fault).past;
                let text = format!("{name} {past}, back after {}", seconds(at - active.from));
                self.log.set_text(active.event, text);
                self.log.close(active.event, at);
            }
            None => {
                let text = format!("{name} was restarted, back after {}", seconds(at - since));
                self.log.add(at, since - ATTEMPT_TIME, Kind::Warn, None, text);
            }
        }
    }

    pub(super) fn fault_injected(&mut self, pod: &str, fault: Fault, outcome: Result<f64, String>) {
        let name = short_name(pod);
        match outcome {
            Ok(from) => {
                let text = match fault {
                    Fault::Crash => format!("{name} crashed: broken on purpose"),
                    _ => format!("{name} {}: broken on purpose", words(fault).present),
                };
                let event = self.log.open(from, from, Kind::Warn, None, text);
                if let Some(replica) = self.replicas.iter_mut().find(|replica| *replica.pod == *pod) {
                    let until = from + 1_000.0 * f64::from(fault.default_seconds());
                    replica.fault = Some(ActiveFault {
                        fault,
                        from,
                        until,
                        event,
                    });
                }
            }
            Err(reason) => {
                let text = format!("{name} could not be broken: {reason}");
                self.log.add(self.now, self.now, Kind::Warn, None, text);
            }
        }
    }

    pub(super) fn end_outage(&mut self, at: f64) {
        if let Some((since, event)) = self.outage.take() {
            self.log.close(event, at);
            let text = format!("No replica answered for {}", seconds(at - since));
            self.log.set_text(event, text);
        }
    }

    /// Recognises what follows from the absence of observations.
    pub(super) fn tick(&mut self) {
        let now = self.now;
        if self.outage.is_none() && self.failures > 0 && now - self.last_answer >= OUTAGE_TIMEOUT {
            let since = self.last_answer;
            let text = "No replica answers".to_owned();
            self.outage = Some((since, self.log.open(now, since, Kind::Bad, None, text)));
        }
        let present = self
            .replicas
            .iter()
            .filter(|replica| replica.phase() != Phase::Gone)
            .count()
            .max(1) as u32;
        let is_outage = self.outage.is_some();
        let mut gone = Vec::new();
        for replica in &mut self.replicas {
            let never_answered = replica.answered == 0;
            if replica.tick(now, present, is_outage) && replica.phase() == Phase::Gone {
                gone.push((replica.id, never_answered));
            }
        }
        for (id, never_answered) in gone {
            self.gone(id, never_answered, is_outage);
        }
        self.end_faults();
        self.find_overdue();
        self.tick_rollout();
        self.confirm_more();
        if self.awaited.is_some_and(|since| now - since >= NEWS_TIMEOUT) {
            self.awaited = None;
            let text = "No news of the rollout for 30 s. Is its image there? kubectl get pods says why".to_owned();
            self.log.add(now, now, Kind::Warn, None, text);
        }
    }

    fn gone(&mut self, id: u32, never_answered: bool, is_outage: bool) {
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
        let drained = self.log.get(event).is_some_and(|event| event.lost + event.retried == 0);
        let text = match (number, drained) {
            (1, true) => format!("{name} has ended: it drained"),
            (1, false) => format!("{name} has ended"),
            (_, true) => format!("{number} replicas have ended: they drained"),
            (_, false) => format!("{number} replicas have ended"),
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

    /// Ends the faults whose time is over, and gives up replicas that have not come back.
    fn end_faults(&mut self) {
        let now = self.now;
        for replica in &mut self.replicas {
            let Some(active) = replica.fault else { continue };
            let is_over = now >= active.until && replica.phase() == Phase::Answering;
            let is_given_up = now >= active.until + ATTEMPT_TIME * 20.0;
            if is_over && active.fault != Fault::Crash {
                replica.fault = None;
                let text = format!(
                    "{} {} for {}",
                    replica.short_name(),
                    words(active.fault).past,
                    seconds(now - active.from)
                );
                self.log.conclude(active.event, now, Kind::Warn, text);
            } else if is_over || is_given_up {
                replica.fault = None;
                self.log.close(active.event, now);
            }
        }
    }

    fn find_overdue(&mut self) {
        let now = self.now;
        let mut found = None;
        for replica in &mut self.replicas {
            let is_overdue = replica.phase() == Phase::Starting && now - replica.since() >= START_TIMEOUT;
            if is_overdue && !replica.overdue {
                replica.overdue = true;
                found = Some((replica.short_name().to_owned(), replica.version, replica.since()));
            }
        }
        if let Some((name, version, from)) = found {
            let version_name = &self.versions[version];
            let text = format!(
                "{name} ({version_name}) has not become ready for {}",
                seconds(START_TIMEOUT)
            );
            let seen = format!("{version_name} gets no submissions");
            let event = self.log.add(now, from, Kind::Warn, None, text);
            self.see(Sign::NeverReady, now, seen, false, event);
        }
    }

    fn tick_rollout(&mut self) {
        let now = self.now;
        let Some(rollout) = &mut self.rollout else { return };
        if self.outage.is_some() || !rollout.tick(&self.replicas, now) {
            return;
        }
        let (from, to) = (&self.versions[rollout.from], &self.versions[rollout.to]);
        match rollout.end {
            Some((RolloutEnd::Done { took }, _)) => {
                let text = format!("{to} took over in {}", seconds(took));
                rollout.event = self.log.conclude(rollout.event, now, Kind::Ok, text.clone());
                let event = rollout.event;
                self.see(Sign::Rollout, now, text, false, event);
            }
            _ => {
                let text = format!("{to} is gone again: {from} keeps answering");
                rollout.event = self.log.conclude(rollout.event, now, Kind::Ok, text);
                self.sightings[Sign::Rollout as usize] = None;
            }
        }
    }

    /// More replicas are there to stay once nothing has ended for some time: otherwise they may have taken another one's place.
    fn confirm_more(&mut self) {
        let now = self.now;
        let joined = self
            .joined
            .and_then(|(event, _)| self.log.get(event))
            .map(|event| (event.id, event.at));
        if let Some(seen) = &mut self.sightings[Sign::More as usize]
            && seen.ongoing
            && let Some((event, at)) = joined
            && seen.event == Some(event)
            && now - at >= MERGE_TIME
        {
            seen.ongoing = false;
            self.log.close(event, now);
        }
        for seen in self.sightings.iter_mut().flatten() {
            if let Some(event) = seen.event.and_then(|event| self.log.get(event)) {
                seen.lost = event.lost;
            }
        }
    }

    fn see(&mut self, sign: Sign, at: f64, text: String, ongoing: bool, event: u32) {
        if sign == Sign::Rollout {
            self.awaited = None;
        }
        self.sightings[sign as usize] = Some(Sighting {
            time_of_day: self.time_of_day(at),
            text,
            ongoing,
            lost: 0,
            event: Some(event),
        });
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
