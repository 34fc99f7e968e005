//! What the page sees of the cluster. Its size is bounded, however long it runs.

mod action;
mod banner;
mod events;
mod fault;
mod figures;
mod membership;
mod observe;
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
    fault::{ActiveFault, FaultWords, words},
    figures::Latencies,
    pacer::Pacer,
    replica::{Phase, Replica, Span, short_name},
    rollout::{Rollout, RolloutEnd},
    shares::{Point, shares},
    story::Sighting,
    window::{Mark, Second, WINDOW, Window},
};
use crate::experiments::{Experiment, Sign, experiments};

/// A number of submissions per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub u32);

impl Rate {
    /// The rates that can be chosen.
    pub const ALL: std::ops::RangeInclusive<u32> = 1..=50;
}

impl Default for Rate {
    fn default() -> Self {
        Self(10)
    }
}

/// What the page sees of the cluster. Times are milliseconds on the browser's monotonic clock.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cluster {
    /// Whether the user has started the load generator.
    pub running: bool,
    /// The number of submissions per second.
    pub rate: Rate,
    /// The outcomes of the submissions.
    pub totals: Totals,
    /// Where the replicas run, once that is known.
    pub platform: Option<Platform>,
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
    /// When the run began, or its last outage ended.
    begun: f64,
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
        let rate = self.rate.0;
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
                    begun: at,
                    last_answer: at,
                    hidden: self.hidden,
                    ..Self::default()
                };
                let text = format!("Started, {} submissions per second", self.rate.0);
                self.log.add(at, at, Kind::Ok, None, text);
            }
            ClusterAction::Stopped => {
                self.running = false;
                self.totals.in_flight = 0; // cancelled submissions count as never sent
            }
            ClusterAction::RateChosen(rate) => self.rate = Rate(rate.clamp(*Rate::ALL.start(), *Rate::ALL.end())),
            ClusterAction::Hidden { hidden, at } => self.hide(hidden, at),
            ClusterAction::Found(platform) => {
                // A response may have said it before.
                self.platform.get_or_insert(platform);
            }
            ClusterAction::Copied(experiment) => {
                self.copied = Some(experiment);
                let sign = self
                    .experiments()
                    .get(experiment)
                    .and_then(|experiment| experiment.sign);
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
                    self.forget();
                    self.compute();
                }
            }
        }
    }

    /// Returns the experiments of the platform. While it is unknown, these are Kubernetes'.
    pub fn experiments(&self) -> &'static [Experiment] {
        experiments(self.platform.unwrap_or_default())
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

    /// Forgets the replicas that have left the window.
    fn forget(&mut self) {
        let start = self.now - 1_000.0 * WINDOW as f64;
        self.replicas.retain_mut(|replica| replica.forget(start));
    }
}

#[cfg(test)]
mod tests;
