//! Keeps a number of pods of one release running, as a Deployment does: one more than that at most, and never fewer ready ones.

use std::{
    hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState},
    sync::Arc,
};

use tokio::{process::Command, sync::Notify};

use crate::{
    balancer::{Balancer, Endpoints},
    plan::{Plan, PodState},
    pod::Pod,
};

/// The name of the Deployment in `k8s/`.
pub const NAME: &str = "k8s-demo-backend";

/// What a pod runs: the part of the pod template that commands change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Release {
    /// The image's tag.
    pub version: String,
    /// Whether its pods never become ready.
    pub is_broken: bool,
}

/// Returns the program that runs a release.
pub type Program = Arc<dyn Fn(&Release) -> Command + Send + Sync>;

/// A Deployment, its pods, and the Service in front of them.
pub struct Deployment {
    replicas: usize,
    /// The releases so far, without repetition. The last one is the present one.
    revisions: Vec<Release>,
    pods: Vec<Pod>,
    balancer: Arc<Balancer>,
    program: Program,
    changed: Arc<Notify>,
    is_complete: bool,
}

impl Deployment {
    /// Creates a Deployment of a release. [`Self::reconcile`] starts its pods.
    pub fn new(replicas: usize, release: Release, program: Program) -> Self {
        Self {
            replicas,
            revisions: vec![release],
            pods: Vec::new(),
            balancer: Arc::default(),
            program,
            changed: Arc::default(),
            is_complete: false,
        }
    }

    /// Returns the Service in front of the pods.
    pub fn balancer(&self) -> Arc<Balancer> {
        self.balancer.clone()
    }

    /// Returns the pods, oldest first, also those that are terminating.
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// Returns the present release.
    pub fn release(&self) -> &Release {
        // There is always one: `new` sets the first one, and nothing removes the last one.
        &self.revisions[self.revisions.len() - 1]
    }

    /// Returns whether all pods run the present release and are ready.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Waits until the status of a pod has changed. Then call [`Self::reconcile`].
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Changes the number of replicas.
    pub fn scale(&mut self, replicas: usize) {
        self.replicas = replicas;
        self.reconcile();
    }

    /// Replaces the pods by those of a release.
    pub fn roll_out(&mut self, release: Release) {
        self.revisions.retain(|revision| *revision != release);
        self.revisions.push(release);
        self.reconcile();
    }

    /// Rolls back to the release before this one. Returns whether there is one.
    pub fn undo(&mut self) -> bool {
        let previous = self.revisions.iter().rev().nth(1).cloned();
        let exists = previous.is_some();
        previous.into_iter().for_each(|release| self.roll_out(release));
        exists
    }

    /// Deletes the pod of this name or end of a name, or the oldest one. Returns its name.
    pub fn delete(&mut self, name: Option<&str>) -> Option<String> {
        let mut pods = self.pods.iter_mut().filter(|pod| !pod.is_stopping());
        let pod = pods.find(|pod| name.is_none_or(|name| pod.name.ends_with(name)))?;
        pod.stop();
        let name = pod.name.clone();
        self.reconcile();
        Some(name)
    }

    /// Starts and stops pods as the Deployment asks, and sends requests to those that are ready.
    pub fn reconcile(&mut self) {
        self.pods.retain(|pod| !pod.status().is_gone);
        let release = self.release().clone();
        let (running, states): (Vec<usize>, Vec<PodState>) = self
            .pods
            .iter()
            .enumerate()
            .filter(|(_, pod)| !pod.is_stopping())
            .map(|(index, pod)| (index, pod_state(pod, &release)))
            .unzip();
        let plan = Plan::new(self.replicas, &states);
        for index in &plan.stop {
            self.pods[running[*index]].stop();
        }
        for _ in 0..plan.start {
            let (program, release) = (self.program.clone(), release.clone());
            let name = pod_name(&release);
            let command = {
                let release = release.clone();
                move || program(&release)
            };
            self.pods.push(Pod::start(name, release, command, self.changed.clone()));
        }
        self.update_balancer();
        let is_complete = states.len() == self.replicas && states.iter().all(|pod| pod.is_current && pod.is_ready);
        if is_complete && !self.is_complete {
            let (number, version) = (self.replicas, &release.version);
            eprintln!("deployment.apps/{NAME}: {number} of {number} replicas of {version} are ready");
        }
        self.is_complete = is_complete;
    }

    /// Where no pod is ready, those that are draining get the requests, as kube-proxy does it.
    fn update_balancer(&self) {
        let addresses = |filter: &dyn Fn(&Pod) -> bool| {
            let pods = self.pods.iter().filter(|pod| filter(pod));
            pods.filter_map(|pod| pod.status().address).collect::<Vec<_>>()
        };
        let mut ready = addresses(&|pod| pod.status().is_ready && !pod.is_stopping());
        if ready.is_empty() {
            ready = addresses(&Pod::is_stopping);
        }
        let all = addresses(&|_| true);
        *self.balancer.endpoints() = Endpoints { ready, all };
    }

    /// Terminates all pods and waits until they are gone.
    pub async fn stop(mut self) {
        self.pods.iter_mut().for_each(Pod::stop);
        for pod in self.pods {
            pod.gone().await;
        }
    }
}

fn pod_state(pod: &Pod, release: &Release) -> PodState {
    PodState {
        is_current: pod.release == *release,
        is_ready: pod.status().is_ready,
    }
}

/// Returns a name like those that Kubernetes makes: the Deployment, a hash of the release, and five random characters.
fn pod_name(release: &Release) -> String {
    let mut hasher = DefaultHasher::new();
    release.hash(&mut hasher);
    let random = RandomState::new().build_hasher().finish();
    format!("{NAME}-{}-{}", encode(hasher.finish(), 9), encode(random, 5))
}

/// Encodes a number in the characters of Kubernetes' names, of which no word can be made.
fn encode(mut number: u64, length: usize) -> String {
    const CHARACTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut text = String::new();
    for _ in 0..length {
        text.push(CHARACTERS[(number % 27) as usize].into());
        number /= 27;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_single_pod_that_is_deleted_gets_requests_until_its_successor_is_ready() {
        let release = Release {
            version: "v1".to_owned(),
            is_broken: false,
        };
        let program: Program = Arc::new(|_| {
            let mut shell = Command::new("sh");
            shell.args(["-c", "trap '' TERM; sleep 60"]);
            shell
        });
        let mut deployment = Deployment::new(1, release, program);
        deployment.reconcile();
        deployment.changed().await;
        let address = deployment.pods()[0].status().address;
        assert!(address.is_some());
        deployment.delete(None);
        assert_eq!(deployment.pods().len(), 2);
        assert_eq!(deployment.balancer().endpoints().ready, Vec::from_iter(address));
    }

    #[test]
    fn names_are_those_of_kubernetes_and_one_release_has_one_hash() {
        let release = Release {
            version: "v1".to_owned(),
            is_broken: false,
        };
        let (one, other) = (pod_name(&release), pod_name(&release));
        assert_ne!(one, other);
        assert_eq!(one.len(), "k8s-demo-backend-7d9f8c6b5-x2x4q".len());
        assert_eq!(one.rsplit_once('-').unwrap().0, other.rsplit_once('-').unwrap().0);
    }
}
