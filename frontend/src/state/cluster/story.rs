//! What happens in the cluster: events that are derived from the observations.

use super::{Cluster, Kind, Phase, Rollout, RolloutEnd, membership::MERGE_TIME, replica::START_TIMEOUT};
use crate::{experiments::Sign, state::text::seconds};

/// How long no replica answers until that is an outage, in milliseconds.
const OUTAGE_TIMEOUT: f64 = 2_000.0;

/// How long after an answer its request may still have been lost, in milliseconds: one attempt.
pub(super) const ATTEMPT_TIME: f64 = 3_000.0;

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

    /// Ends the outage, if there is one. The replicas that answer from now on are a new beginning: they are not more, and take
    /// nobody's place.
    pub(super) fn end_outage(&mut self, at: f64) {
        if let Some((since, event)) = self.outage.take() {
            self.log.close(event, at);
            let text = format!("No replica answered for {}", seconds(at - since));
            self.log.set_text(event, text);
            (self.begun, self.joined) = (at, None);
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
        let joined = self.joined.and_then(|(event, _)| self.log.get(event));
        let is_recent = joined.is_some_and(|event| now - event.at < MERGE_TIME);
        if let Some(seen) = &mut self.sightings[Sign::More as usize]
            && seen.ongoing
            && !is_recent
        {
            seen.ongoing = false;
            seen.event.iter().for_each(|event| self.log.close(*event, now));
        }
        for seen in self.sightings.iter_mut().flatten() {
            if let Some(event) = seen.event.and_then(|event| self.log.get(event)) {
                seen.lost = event.lost;
            }
        }
    }

    pub(super) fn see(&mut self, sign: Sign, at: f64, text: String, ongoing: bool, event: u32) {
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
