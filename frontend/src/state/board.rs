//! The board: what the load generator sees of the cluster. Its size is bounded, however long it runs.

mod action;
mod fault;
mod in_flight;
mod incident;
mod pacer;
mod replica;
mod rollout;
mod timeline;
mod unready;

use api::Fault;
use yew::AttrValue;

pub use self::{
    action::{BoardAction, Event},
    fault::{fault_explanation, fault_predicates, fault_seconds},
    in_flight::InFlight,
    incident::{Incident, IncidentPhase},
    pacer::Pacer,
    replica::{Latencies, Replica, short_name},
    rollout::{Rollout, RolloutPhase},
    timeline::{Mark, MarkKind, Second, Timeline, WINDOW},
    unready::Unready,
};
use crate::state::outcome::Reply;

/// The rates that can be chosen, in submissions per second.
pub const RATES: std::ops::RangeInclusive<u32> = 1..=50;

/// The number of incidents that are kept.
const MAX_INCIDENTS: usize = 20;

/// The state of the board.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// Whether the user has started the load generator.
    pub running: bool,
    /// The number of submissions per second.
    pub rate: u32,
    /// Whether the page is hidden. Then nothing is sent.
    pub hidden: bool,
    /// Whether sending has paused since the start, because the page was hidden.
    pub was_hidden: bool,
    /// Whether new submissions wait, because too many are in flight.
    pub throttled: bool,
    /// The outcomes of the submissions.
    pub totals: Totals,
    /// The replicas that answered within the last [`WINDOW`] seconds, in order of appearance.
    pub replicas: Vec<Replica>,
    /// The responses, retries and losses of the last [`WINDOW`] seconds.
    pub timeline: Timeline,
    /// The last change of version.
    pub rollout: Option<Rollout>,
    /// A replica that was found not to be ready, until it is, or a rollout begins.
    unready: Option<Unready>,
    /// The last incidents, oldest first.
    pub incidents: Vec<Incident>,
    /// The last request for a fault, until the replica acknowledges it.
    pub fault_request: Option<PendingFault>,
    /// The Unix time at which the browser's monotonic clock was 0, in milliseconds.
    time_origin: f64,
    /// The time of the last report, in milliseconds on the browser's monotonic clock.
    now: f64,
    /// The number of submissions lost since the last response.
    lost_since_response: u32,
}

/// A request for a fault that is not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingFault {
    /// The pod.
    pub pod: String,
    /// The fault.
    pub fault: Fault,
    /// Why the request failed; `None` while it is in flight.
    pub failure: Option<String>,
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

impl Default for Board {
    fn default() -> Self {
        Self {
            running: false,
            rate: 10,
            hidden: false,
            was_hidden: false,
            throttled: false,
            totals: Totals::default(),
            replicas: Vec::new(),
            timeline: Timeline::default(),
            rollout: None,
            unready: None,
            incidents: Vec::new(),
            fault_request: None,
            time_origin: 0.0,
            now: 0.0,
            lost_since_response: 0,
        }
    }
}

impl Totals {
    /// Returns the number of submissions sent.
    pub fn sent(&self) -> u32 {
        self.answered + self.lost + self.in_flight
    }
}

impl Board {
    /// Returns whether submissions are being sent.
    pub fn is_sending(&self) -> bool {
        self.running && !self.hidden
    }

    /// Returns whether sending is paused, because the page is hidden.
    pub fn is_paused(&self) -> bool {
        self.running && self.hidden
    }

    /// Returns the replica's share of the responses on the timeline, in percent; `None` in its first second, which has no
    /// figures yet.
    pub fn share(&self, replica: &Replica) -> Option<u32> {
        replica.latencies?;
        let all: u32 = self.replicas.iter().map(|replica| replica.recent).sum();
        (100 * replica.recent + all / 2).checked_div(all)
    }

    /// Returns the time since a replica last answered, in full seconds.
    pub fn seconds_since_seen(&self, replica: &Replica) -> u32 {
        ((self.now - replica.last_seen) / 1_000.0) as u32
    }

    /// Returns the replica that has had enough time to become ready, and has not, and whether it is gone.
    pub fn stuck(&self) -> Option<(&Unready, bool)> {
        let unready = self.unready.as_ref().filter(|unready| unready.is_overdue())?;
        Some((unready, unready.is_gone(self.now)))
    }

    /// Returns the time since the start of a replica's process, in full seconds; `None` if unknown.
    pub fn uptime(&self, replica: &Replica) -> Option<u32> {
        (replica.started_at > 0).then(|| ((self.time_origin + self.now - replica.started_at as f64) / 1_000.0) as u32)
    }

    /// Returns the incident that a replica has not recovered from.
    pub fn incident_of(&self, replica: &Replica) -> Option<&Incident> {
        let mut incidents = self.incidents.iter().rev();
        incidents.find(|incident| incident.pod == replica.pod && incident.is_in_progress())
    }

    /// Returns how often to send a request for a fault until it reaches its replica.
    ///
    /// The Service picks replicas at random: with this number, the request fails with a probability of less than 1 in 20,000.
    pub fn max_fault_attempts(&self) -> u32 {
        10 * u32::try_from(self.replicas.len().max(1)).unwrap_or(1)
    }

    /// Applies an action.
    pub fn apply(&mut self, action: BoardAction) {
        match action {
            BoardAction::Started { time_origin } => {
                *self = Self {
                    running: true,
                    rate: self.rate,
                    time_origin,
                    ..Self::default()
                };
            }
            BoardAction::Stopped => {
                self.running = false;
                self.cancel_in_flight();
            }
            BoardAction::RateChosen(rate) => self.rate = rate.clamp(*RATES.start(), *RATES.end()),
            BoardAction::Hidden(hidden) => {
                self.hidden = hidden;
                if hidden && self.running {
                    self.was_hidden = true;
                    self.cancel_in_flight();
                }
            }
            BoardAction::FaultRequested { pod, fault } => {
                self.fault_request = Some(PendingFault {
                    pod,
                    fault,
                    failure: None,
                });
            }
            BoardAction::FaultAnswered { pod, fault, outcome } => self.fault_answered(pod, fault, outcome),
            // A late report, after the stop.
            BoardAction::Observed { .. } if !self.is_sending() => {}
            BoardAction::Observed { now, throttled, events } => {
                self.now = now;
                self.throttled = throttled;
                self.timeline.advance(now);
                events.into_iter().for_each(|event| self.observe(event));
                self.tick(now);
            }
        }
    }

    /// Cancelled submissions count as never sent.
    fn cancel_in_flight(&mut self) {
        self.totals.in_flight = 0;
        self.throttled = false;
    }

    fn fault_answered(&mut self, pod: String, fault: Fault, outcome: Result<f64, String>) {
        match outcome {
            Ok(at) => {
                self.fault_request = None;
                if let Some(replica) = self.replicas.iter().find(|replica| *replica.pod == *pod) {
                    let kind = MarkKind::Broken { replica: replica.id };
                    let incident = Incident::injected(replica.pod.clone(), fault, at);
                    self.timeline.push(at, Mark::new(kind));
                    self.add_incident(incident);
                }
            }
            Err(failure) => {
                self.fault_request = Some(PendingFault {
                    pod,
                    fault,
                    failure: Some(failure),
                });
            }
        }
    }

    fn add_incident(&mut self, incident: Incident) {
        if self.incidents.len() == MAX_INCIDENTS {
            self.incidents.remove(0);
        }
        self.incidents.push(incident);
    }

    fn observe(&mut self, event: Event) {
        match event {
            Event::Sent => self.totals.in_flight += 1,
            Event::Retried { at } => self.timeline.push(at, Mark::new(MarkKind::Retried)),
            Event::Answered { at, reply } => self.answered(at, reply),
            Event::Described { at, replica } => self.described(at, &replica),
            Event::Lost { sent, at } => {
                self.totals.in_flight = self.totals.in_flight.saturating_sub(1);
                self.totals.lost += 1;
                self.lost_since_response += 1;
                self.timeline.push(at, Mark::new(MarkKind::Lost));
                if let Some(rollout) = &mut self.rollout {
                    rollout.count_lost(sent);
                }
                if let Some(unready) = &mut self.unready {
                    unready.count_lost(sent);
                }
                for incident in &mut self.incidents {
                    incident.count_lost(sent);
                }
            }
        }
    }

    /// Keeps a replica that is not ready, unless it has answered submissions: then that is an incident.
    fn described(&mut self, at: f64, replica: &api::Replica) {
        let has_answered = || self.replicas.iter().any(|known| *known.pod == *replica.pod);
        match &mut self.unready {
            Some(unready) if *unready.pod == *replica.pod => {
                if replica.ready {
                    self.unready = None;
                } else {
                    unready.seen(at);
                }
            }
            // One at a time: of several that are not ready, each would take the place of the last one.
            Some(unready) if !unready.is_gone(at) => {}
            _ if replica.ready || has_answered() => {}
            _ => self.unready = Some(Unready::new(replica, at)),
        }
    }

    fn answered(&mut self, at: f64, reply: Reply) {
        self.totals.in_flight = self.totals.in_flight.saturating_sub(1);
        self.totals.answered += 1;
        if reply.attempts > 1 || reply.retried_by_nginx {
            self.totals.retried += 1;
            self.incidents.iter_mut().for_each(Incident::count_retried);
        }
        let version = &reply.response.version;
        if let Some(rollout) = Rollout::begun_by(version, at, &self.replicas, self.lost_since_response) {
            self.rollout = Some(rollout);
            self.unready = None;
        }
        self.lost_since_response = 0;
        let replica = Replica::find_or_add(&mut self.replicas, &reply.response);
        let before = replica.last_seen;
        let restarted = replica.observe_process(&reply.response);
        replica.answered += 1;
        replica.last_seen = at;
        replica.missed = 0;
        let mark = Mark {
            kind: MarkKind::Answered { replica: replica.id },
            millis: reply.millis as u32,
        };
        let (id, pod) = (replica.id, replica.pod.clone());
        for other in self.replicas.iter_mut().filter(|other| other.id != id) {
            other.missed += 1;
        }
        self.timeline.push(at, mark);
        self.recovered(id, pod, at, before, restarted);
    }

    /// Ends the incidents of a replica that has answered, and adds one for a restart that has none.
    fn recovered(&mut self, replica: u32, pod: AttrValue, at: f64, before: f64, restarted: bool) {
        let of_replica = |incident: &&mut Incident| incident.pod == pod;
        let incidents = self.incidents.iter_mut().filter(of_replica);
        let mut recovered = false;
        for incident in incidents {
            recovered |= incident.answered(at, restarted);
        }
        if restarted && !recovered {
            let lost = self.timeline.losses_since(before);
            self.timeline.push(before, Mark::new(MarkKind::Broken { replica }));
            self.add_incident(Incident::restarted(pod, before, at, lost));
        }
        if restarted || recovered {
            self.timeline.push(at, Mark::new(MarkKind::Recovered { replica }));
        }
    }

    /// Updates which replicas are gone and the rollout, and once a second the figures.
    fn tick(&mut self, now: f64) {
        let living = self.replicas.iter().filter(|replica| !replica.gone).count();
        let max_missed = replica::max_missed(living.max(1));
        for replica in &mut self.replicas {
            replica.gone = replica.missed >= max_missed && now - replica.last_seen >= replica::STALL_TIMEOUT;
        }
        if let Some(rollout) = &mut self.rollout {
            rollout.tick(&self.replicas, now);
        }
        if self.timeline.take_second_ended() {
            for replica in &mut self.replicas {
                let millis = self.timeline.latencies_of(replica.id);
                replica.recent = u32::try_from(millis.len()).unwrap_or(u32::MAX);
                replica.latencies = Latencies::new(millis);
            }
            let incidents = &mut self.incidents;
            incidents.iter_mut().for_each(|incident| incident.tick(now));
            // A replica that may still recover keeps its lane.
            let is_awaited = |replica: &Replica| {
                let mut in_progress = incidents.iter().filter(|incident| incident.is_in_progress());
                in_progress.any(|incident| incident.pod == replica.pod)
            };
            self.replicas
                .retain(|replica| replica.recent > 0 || is_awaited(replica));
        }
    }
}

#[cfg(test)]
mod tests;
