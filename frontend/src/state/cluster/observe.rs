//! What follows from each observation alone.

use yew::AttrValue;

use super::{Cluster, Mark, Observation, Replica, Rollout};
use crate::state::outcome::Reply;

impl Cluster {
    pub(super) fn observe(&mut self, observation: Observation) {
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
        self.platform = Some(reply.response.platform);
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
        if !known && (described.ready || self.last_answer <= self.begun) {
            return;
        }
        let version = self.version(&described.version);
        let id = self.find_or_add(&described.pod, version, at);
        let mut starts = false;
        for replica in &mut self.replicas {
            match replica.id == id {
                true => starts = replica.describe(at, described.ready),
                false => replica.unheard(),
            }
        }
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
}
