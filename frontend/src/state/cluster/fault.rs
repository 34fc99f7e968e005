//! The faults that a replica can inject into itself: what they are called, and what follows from one.

use api::Fault;

use super::{Cluster, Kind, Phase, replica::short_name, story::ATTEMPT_TIME};
use crate::state::text::seconds;

/// A fault that a replica was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActiveFault {
    /// The fault.
    pub fault: Fault,
    /// When it began, in milliseconds.
    pub from: f64,
    /// When it ends, unless the replica is restarted before.
    pub until: f64,
    /// The number of its event.
    pub event: u32,
}

impl ActiveFault {
    /// Returns the full seconds that are left, of a fault that lasts.
    pub fn seconds_left(&self, now: f64) -> Option<u32> {
        let left = (self.until - now).max(0.0) / 1_000.0;
        (self.fault != Fault::Crash && left > 0.0).then_some(left.ceil() as u32)
    }

    /// Returns whether the process stops answering at some time, so that a silence is the fault's effect.
    pub(super) fn stops_process(&self) -> bool {
        self.fault == Fault::Leak || self.stops_at_once()
    }

    /// Returns whether the process has answered nothing since it acknowledged the fault.
    pub(super) fn stops_at_once(&self) -> bool {
        matches!(self.fault, Fault::Crash | Fault::Hang)
    }
}

/// The words for a fault.
#[derive(Debug, Clone, Copy)]
pub struct FaultWords {
    /// What the menu calls it.
    pub title: &'static str,
    /// What the replica does, and what Kubernetes does about it.
    pub effect: &'static str,
    /// The predicate of a sentence about the replica while it lasts.
    pub present: &'static str,
    /// The same afterwards.
    pub past: &'static str,
    /// One or two words beside its lane.
    pub state: &'static str,
}

/// Returns the words for a fault.
pub fn words(fault: Fault) -> FaultWords {
    let [title, effect, present, past, state] = match fault {
        Fault::Crash => [
            "Stop the process",
            "It exits, and is started again.",
            "crashed",
            "crashed",
            "restarting",
        ],
        Fault::Hang => [
            "Freeze it",
            "It answers nothing, until it is restarted.",
            "is frozen",
            "was frozen",
            "frozen",
        ],
        Fault::NotReady => [
            "Fail readiness",
            "It stays up, but gets no submissions.",
            "is not ready",
            "was not ready",
            "not ready",
        ],
        Fault::Slow => [
            "Answer slowly",
            "Each answer takes half a second longer.",
            "answers slowly",
            "answered slowly",
            "slow",
        ],
        Fault::Fail => [
            "Answer with errors",
            "Every second one fails, and is sent again.",
            "answers with errors",
            "answered with errors",
            "errors",
        ],
        Fault::Leak => [
            "Leak memory",
            "It grows, until it is restarted.",
            "leaks memory",
            "leaked memory",
            "leaking",
        ],
    };
    FaultWords {
        title,
        effect,
        present,
        past,
        state,
    }
}

impl Cluster {
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
            // The event of the outage says it.
            None if since < self.begun => {}
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
                    replica.break_by(ActiveFault {
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

    /// Ends the faults whose time is over, and gives up replicas that have not come back.
    pub(super) fn end_faults(&mut self) {
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
}
