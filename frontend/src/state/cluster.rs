//! What the page sees of the cluster. Its size is bounded, however long it runs.

mod action;
mod banner;
mod events;
mod fault;
mod pacer;
mod replica;
mod rollout;
mod shares;
mod story;
mod window;

use api::Platform;
use yew::AttrValue;

pub use self::{
    action::{ClusterAction, Observation},
    banner::{Banner, banner},
    events::{Event, Kind, Log},
    fault::{FaultWords, words},
    pacer::Pacer,
    replica::{ActiveFault, Latencies, Phase, Replica, Span, short_name},
    rollout::{Rollout, RolloutEnd},
    shares::{Point, shares},
    story::Sighting,
    window::{Mark, Second, WINDOW, Window},
};
use crate::{experiments::Sign, state::outcome::Reply};

/// The rates that can be chosen, in submissions per second.
pub const RATES: std::ops::RangeInclusive<u32> = 1..=50;

/// How long no replica answers until that is an outage, in milliseconds.
const OUTAGE_TIMEOUT: f64 = 2_000.0;

/// What the page sees of the cluster. Times are milliseconds on the browser's monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Whether the user has started the load generator.
    pub running: bool,
    /// The number of submissions per second.
    pub rate: u32,
    /// The outcomes of the submissions.
    pub totals: Totals,
    /// Where the replicas run.
    pub platform: Platform,
    /// The versions in order of appearance.
    pub versions: Vec<AttrValue>,
    /// The replicas of the last minute, by version and appearance.
    pub replicas: Vec<Replica>,
    /// The observations of the last minute.
    pub window: Window,
    /// The last events.
    pub log: Log,
    /// The last change of version.
    pub rollout: Option<Rollout>,
    /// Since when no replica answers, and the number of the event.
    pub outage: Option<(f64, u32)>,
    /// The experiments that the page has seen, in the order of [`Sign`].
    pub sightings: [Option<Sighting>; Sign::COUNT],
    /// The number of the experiment whose command was copied last.
    pub copied: Option<usize>,
    /// The time of the last report.
    pub now: f64,
    /// When the page was hidden. Then nothing is sent.
    hidden: Option<f64>,
    /// The time of day at time 0, in milliseconds since midnight.
    midnight: f64,
    started: f64,
    /// When a replica last answered.
    last_answer: f64,
    /// The number of attempts that have failed since.
    failures: u32,
    /// When the command of a rollout was copied, until something of it is seen.
    awaited: Option<f64>,
    /// The event that counts new replicas: its number, and how many.
    joined: Option<(u32, usize)>,
    /// The event that counts ended replicas: its number, and how many.
    ended: Option<(u32, usize)>,
    /// The number of responses of each version.
    answered_of: Vec<u32>,
    next_id: u32,
}

/// The outcomes of all submissions since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Answered by a replica.
    pub answered: u32,
    /// Answered after more than one attempt.
    pub retried: u32,
    /// Not answered by any attempt.
    pub lost: u32,
    /// Without an outcome yet.
    pub in_flight: u32,
}

impl Totals {
    /// Returns the number of submissions sent.
    pub fn sent(&self) -> u32 {
        self.answered + self.lost + self.in_flight
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            running: false,
            rate: 10,
            totals: Totals::default(),
            platform: Platform::default(),
            versions: Vec::new(),
            replicas: Vec::new(),
            window: Window::default(),
            log: Log::default(),
            rollout: None,
            outage: None,
            sightings: Default::default(),
            copied: None,
            now: 0.0,
            hidden: None,
            midnight: 0.0,
            started: 0.0,
            last_answer: 0.0,
            failures: 0,
            awaited: None,
            joined: None,
            ended: None,
            answered_of: Vec::new(),
            next_id: 0,
        }
    }
}

impl Cluster {
    /// Returns whether the load generator was ever started: then the page shows what it sees.
    pub fn was_started(&self) -> bool {
        self.running || self.totals.sent() > 0
    }

    /// Returns whether submissions are being sent.
    pub fn is_sending(&self) -> bool {
        self.running && self.hidden.is_none()
    }

    /// Returns whether sending is paused, because the page is hidden.
    pub fn is_paused(&self) -> bool {
        self.running && self.hidden.is_some()
    }

    /// Returns the time of day, in milliseconds since midnight, at a time on the monotonic clock.
    pub fn time_of_day(&self, at: f64) -> f64 {
        self.midnight + at
    }

    /// Returns the replicas that answer.
    pub fn answering(&self) -> impl Iterator<Item = &Replica> {
        self.replicas.iter().filter(|replica| replica.is_answering())
    }

    /// Returns what to say where the chosen rate is not reached.
    pub fn achieved_rate_note(&self) -> Option<String> {
        let achieved = self.window.achieved_rate().filter(|_| self.running)?;
        let rate = self.rate;
        Some(format!("sends {achieved} of {rate} /s: the browser's limit"))
    }

    /// Returns how often to send a request for a fault until it reaches its replica.
    ///
    /// The Service picks replicas at random: with this number, the request fails with a probability of less than 1 in 20,000.
    pub fn max_fault_attempts(&self) -> u32 {
        10 * u32::try_from(self.replicas.len().max(1)).unwrap_or(1)
    }

    /// Applies an action.
    pub fn apply(&mut self, action: ClusterAction) {
        match action {
            ClusterAction::Started { at, midnight } => {
                let sightings = std::mem::take(&mut self.sightings).map(|seen| seen.map(Sighting::of_earlier_run));
                *self = Self {
                    running: true,
                    rate: self.rate,
                    platform: self.platform,
                    sightings,
                    copied: self.copied,
                    now: at,
                    midnight,
                    started: at,
                    last_answer: at,
                    hidden: self.hidden,
                    ..Self::default()
                };
                let text = format!("Started, {} submissions per second", self.rate);
                self.log.add(at, at, Kind::Ok, None, text);
            }
            ClusterAction::Stopped => {
                self.running = false;
                self.totals.in_flight = 0; // cancelled submissions count as never sent
            }
            ClusterAction::RateChosen(rate) => self.rate = rate.clamp(*RATES.start(), *RATES.end()),
            ClusterAction::Hidden { hidden, at } => self.hide(hidden, at),
            ClusterAction::Found(platform) => self.platform = platform,
            ClusterAction::Copied(experiment) => {
                self.copied = Some(experiment);
                let experiments = crate::experiments::experiments(self.platform);
                let sign = experiments.get(experiment).and_then(|experiment| experiment.sign);
                if sign == Some(Sign::Rollout) && self.running {
                    self.awaited = Some(self.now);
                }
            }
            ClusterAction::FaultInjected { pod, fault, outcome } => self.fault_injected(&pod, fault, outcome),
            // A late report, after the stop.
            ClusterAction::Observed { .. } if !self.is_sending() => {}
            ClusterAction::Observed { now, observations } => {
                self.now = now;
                let second_ended = self.window.advance(now);
                observations
                    .into_iter()
                    .for_each(|observation| self.observe(observation));
                self.tick();
                if second_ended {
                    self.compute();
                }
            }
        }
    }

    fn hide(&mut self, hidden: bool, at: f64) {
        let since = std::mem::replace(&mut self.hidden, hidden.then_some(at));
        if !self.running {
            return;
        }
        self.totals.in_flight = 0;
        if let (Some(since), false) = (since, hidden) {
            let pause = at - since;
            let text = format!(
                "Paused for {}: this page was hidden",
                crate::state::text::seconds(pause)
            );
            self.log.add(at, at, Kind::Ok, None, text);
            // Nobody was asked meanwhile.
            self.last_answer += pause;
            self.replicas.iter_mut().for_each(|replica| replica.last_seen += pause);
        }
    }

    fn observe(&mut self, observation: Observation) {
        match observation {
            Observation::Sent => {
                self.totals.in_flight += 1;
                self.window.due(true);
            }
            Observation::Skipped => self.window.due(false),
            Observation::Retried { at } => self.retried(at),
            Observation::Answered { at, reply } => self.answered(at, &reply),
            Observation::Described { at, replica } => self.described(at, &replica),
            Observation::Lost { sent, at } => {
                self.totals.in_flight = self.totals.in_flight.saturating_sub(1);
                self.totals.lost += 1;
                self.failures += 1;
                self.window.push(at, Mark::Lost);
                self.log.lost(sent);
            }
        }
    }

    fn retried(&mut self, at: f64) {
        self.failures += 1;
        self.window.push(at, Mark::Retried);
        self.log.retried(at);
    }

    fn answered(&mut self, at: f64, reply: &Reply) {
        self.totals.in_flight = self.totals.in_flight.saturating_sub(1);
        self.totals.answered += 1;
        self.totals.retried += u32::from(reply.attempts > 1 || reply.retried_by_nginx);
        if reply.retried_by_nginx {
            self.retried(at);
        }
        self.platform = reply.response.platform;
        self.last_answer = at;
        self.failures = 0;
        let version = self.version(&reply.response.version);
        self.answered_of[version] += 1;
        let rollout = Rollout::begun_by(version, at, &self.replicas, 0);
        let id = self.find_or_add(&reply.response.pod, version, at);
        let mut before = None;
        for replica in &mut self.replicas {
            if replica.id == id {
                let (since, is_new) = (replica.last_seen, replica.answered == 0);
                before = Some((since, is_new, replica.respond(at, &reply.response)));
            } else {
                replica.miss();
            }
        }
        let millis = reply.millis as u32;
        self.window.push(at, Mark::Answered { replica: id, millis });
        self.end_outage(at);
        match before {
            _ if rollout.is_some() => self.rollout_begun(at, rollout),
            Some((since, _, true)) => self.restarted(id, since, at),
            Some((_, true, _)) => self.joined(id, at),
            _ => {}
        }
    }

    fn described(&mut self, at: f64, described: &api::Replica) {
        let known = self.replicas.iter().any(|replica| *replica.pod == *described.pod);
        // Before a replica has responded, a new one cannot be recognized.
        if !known && (described.ready || self.last_answer <= self.started) {
            return;
        }
        let version = self.version(&described.version);
        let id = self.find_or_add(&described.pod, version, at);
        let replica = self.replicas.iter_mut().find(|replica| replica.id == id);
        let starts = replica.is_some_and(|replica| replica.describe(at, described.ready));
        if starts || !known {
            self.starting(id, at);
        }
    }

    fn version(&mut self, version: &str) -> usize {
        let known = self.versions.iter().position(|known| *known == version);
        known.unwrap_or_else(|| {
            self.versions.push(AttrValue::from(version.to_owned()));
            self.answered_of.push(0);
            self.versions.len() - 1
        })
    }

    /// Returns the number of the replica of this pod. New ones come after the others of their version.
    fn find_or_add(&mut self, pod: &str, version: usize, at: f64) -> u32 {
        if let Some(known) = self.replicas.iter().find(|replica| *replica.pod == *pod) {
            return known.id;
        }
        let id = self.next_id;
        self.next_id += 1;
        let place = self
            .replicas
            .iter()
            .take_while(|other| other.version <= version)
            .count();
        self.replicas.insert(place, Replica::new(id, pod, version, at));
        id
    }

    /// Computes the figures, and forgets the replicas that have left the window.
    fn compute(&mut self) {
        let start = self.now - 1_000.0 * WINDOW as f64;
        self.replicas.retain_mut(|replica| replica.forget(start));
        for replica in &mut self.replicas {
            replica.compute(&self.window);
        }
    }
}

#[cfg(test)]
mod tests;
