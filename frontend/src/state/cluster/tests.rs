//! What the page says after made-up histories of submissions.

use api::{Fault, SubmissionResponse};

use super::*;
use crate::state::Reply;

mod faults;
mod replicas;
mod rollouts;

/// A page that observes something every 100 ms.
struct History {
    cluster: Cluster,
    now: f64,
}

impl History {
    fn new() -> Self {
        let mut cluster = Cluster::default();
        let (at, midnight) = (1_000.0, 50_558_000.0);
        cluster.apply(ClusterAction::Started { at, midnight });
        Self { cluster, now: at }
    }

    fn observe(&mut self, observations: Vec<Observation>) {
        self.now += 100.0;
        let now = self.now;
        self.cluster.apply(ClusterAction::Observed { now, observations });
    }

    fn answer_of(&self, pod: &str, attempts: u32, started_at: u64) -> Observation {
        let (pod, version) = pod.split_once(':').unwrap();
        let response = SubmissionResponse {
            message: String::new(),
            name: String::new(),
            pod: pod.to_owned(),
            version: version.to_owned(),
            platform: Platform::Kubernetes,
            started_at,
            uptime_seconds: 7,
            faults: true,
        };
        let reply = Reply {
            response,
            millis: 4.0,
            attempts,
            retried_by_nginx: false,
        };
        Observation::Answered { at: self.now, reply }
    }

    /// Lets these pods, written as `pod:version`, answer one after the other.
    fn answers<'a>(mut self, pods: impl IntoIterator<Item = &'a str>) -> Self {
        for pod in pods {
            let answer = self.answer_of(pod, 1, 1);
            self.observe(vec![Observation::Sent, answer]);
        }
        self
    }

    /// Lets these pods answer in turn for so many seconds.
    fn answered(self, seconds: usize, pods: &[&str]) -> Self {
        self.answers(pods.iter().copied().cycle().take(10 * seconds))
    }

    /// Loses every submission for so many seconds. Each is known to be lost two seconds after it was sent.
    fn lost(mut self, seconds: usize) -> Self {
        for _ in 0..10 * seconds {
            let (sent, at) = (self.now - 2_000.0, self.now);
            self.observe(vec![
                Observation::Sent,
                Observation::Retried { at },
                Observation::Lost { sent, at },
            ]);
        }
        self
    }

    fn described(mut self, pod: &str, ready: bool) -> Self {
        let (pod, version) = pod.split_once(':').unwrap();
        let replica = api::Replica {
            pod: pod.to_owned(),
            version: version.to_owned(),
            ready,
            platform: Platform::Kubernetes,
        };
        let at = self.now;
        self.observe(vec![Observation::Described { at, replica }]);
        self
    }

    fn broken(mut self, pod: &str, fault: Fault) -> Self {
        self.cluster.apply(ClusterAction::FaultInjected {
            pod: pod.to_owned(),
            fault,
            outcome: Ok(self.now),
        });
        self
    }

    fn banner(&self) -> String {
        let Banner { text, running, .. } = banner(&self.cluster);
        text + &running
    }

    fn kind(&self) -> Kind {
        banner(&self.cluster).kind
    }

    /// Returns the events, newest first, each with its losses.
    fn log(&self) -> Vec<String> {
        let events = self.cluster.log.events.iter();
        events
            .map(|event| format!("{}, {} lost", event.text, event.lost))
            .collect()
    }

    fn phases(&self) -> Vec<(&str, Phase)> {
        let replicas = self.cluster.replicas.iter();
        replicas
            .map(|replica| (replica.short_name(), replica.phase()))
            .collect()
    }
}

const V1: [&str; 2] = ["b-aaa:v1", "b-bbb:v1"];
const V2: [&str; 2] = ["c-ccc:v2", "c-ddd:v2"];
