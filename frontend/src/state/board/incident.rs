//! An incident: a replica has a fault or restarts, until it has recovered.

use api::Fault;
use yew::AttrValue;

use super::fault::fault_seconds;

/// An incident of one replica. Times are milliseconds on the browser's monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The pod's name.
    pub pod: AttrValue,
    /// The injected fault; `None` for a restart for another reason.
    pub fault: Option<Fault>,
    /// How far it is.
    pub phase: IncidentPhase,
    /// The number of lost submissions that were sent during the incident.
    pub lost: u32,
    /// The number of submissions that were answered after a retry during the incident.
    pub retried: u32,
    began: f64,
    /// When the fault is over, if the replica does not restart before.
    fault_end: f64,
    /// When the replica recovered.
    end: f64,
}

/// How far an incident is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum IncidentPhase {
    /// The replica has not recovered yet.
    InProgress,
    /// The replica has answered again.
    Recovered {
        /// The time from the beginning until then, in milliseconds.
        took: f64,
        /// Whether it was restarted.
        restarted: bool,
    },
    /// The replica has not answered for [`Incident::MAX_RECOVERY`] after the end of its fault.
    Gone,
}

impl Incident {
    /// The time that a replica has to answer again after the end of its fault, in milliseconds.
    pub const MAX_RECOVERY: f64 = 60_000.0;

    /// Returns the incident of a replica that has acknowledged a fault.
    pub fn injected(pod: AttrValue, fault: Fault, began: f64) -> Self {
        Self {
            pod,
            fault: Some(fault),
            phase: IncidentPhase::InProgress,
            lost: 0,
            retried: 0,
            began,
            fault_end: began + 1_000.0 * f64::from(fault_seconds(fault)),
            end: f64::INFINITY,
        }
    }

    /// Returns the incident of a replica that restarted for another reason. It last answered at `began`.
    pub fn restarted(pod: AttrValue, began: f64, end: f64, lost: u32) -> Self {
        Self {
            pod,
            fault: None,
            phase: IncidentPhase::Recovered {
                took: end - began,
                restarted: true,
            },
            lost,
            retried: 0,
            began,
            fault_end: end,
            end,
        }
    }

    /// Returns whether the replica has not recovered yet.
    pub fn is_in_progress(&self) -> bool {
        self.phase == IncidentPhase::InProgress
    }

    /// Counts a lost submission that was sent at `sent`, if that was during the incident. It may be known only afterwards.
    pub fn count_lost(&mut self, sent: f64) {
        if sent >= self.began && sent <= self.end {
            self.lost += 1;
        }
    }

    /// Counts a submission that was answered after a retry.
    pub fn count_retried(&mut self) {
        if self.is_in_progress() {
            self.retried += 1;
        }
    }

    /// Applies a response of its replica. Returns whether the replica has recovered with it.
    pub fn answered(&mut self, at: f64, restarted: bool) -> bool {
        let recovered = self.is_in_progress() && (restarted || at >= self.fault_end);
        if recovered {
            self.phase = IncidentPhase::Recovered {
                took: at - self.began,
                restarted,
            };
            self.end = at;
        }
        recovered
    }

    /// Gives up a replica that has not answered for too long.
    pub fn tick(&mut self, now: f64) {
        if self.is_in_progress() && now >= self.fault_end + Self::MAX_RECOVERY {
            self.phase = IncidentPhase::Gone;
            self.end = now;
        }
    }
}
