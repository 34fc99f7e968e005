//! Keeps a number of pods of one release running, as a Deployment does: one more than that at most, and never fewer ready ones.

use std::{
    hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState},
    sync::Arc,
};

use tokio::{process::Command, sync::Notify};

use crate::{
    balancer::{Balancer, Endpoints},
    pod::Pod,
};

/// The name of the Deployment in `k8s/`.
pub const NAME: &str = "k8s-demo-backend";

/// How many pods more than the wanted ones a rolling update may run (`maxSurge`). `maxUnavailable` is 0.
const MAX_SURGE: usize = 1;

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
            .map(|(index, pod)| (index, PodState::new(pod, &release)))
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

/// What a plan depends on: a pod that is not terminating.
#[derive(Debug, Clone, Copy)]
struct PodState {
    is_current: bool,
    is_ready: bool,
}

impl PodState {
    fn new(pod: &Pod, release: &Release) -> Self {
        Self {
            is_current: pod.release == *release,
            is_ready: pod.status().is_ready,
        }
    }
}

/// The next step towards a number of pods of the present release.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    start: usize,
    /// The indices of the pods to stop.
    stop: Vec<usize>,
}

impl Plan {
    fn new(replicas: usize, pods: &[PodState]) -> Self {
        let count = |filter: fn(&PodState) -> bool| pods.iter().filter(|pod| filter(pod)).count();
        let current = count(|pod| pod.is_current);
        let mut ready = count(|pod| pod.is_ready);
        let start = replicas.saturating_sub(current);
        let mut plan = Self {
            start: start.min((replicas + MAX_SURGE).saturating_sub(pods.len())),
            stop: Vec::new(),
        };
        // Those that are not ready first: nobody misses them.
        let candidates = |is_current: bool| {
            let mut indices: Vec<_> = (0..pods.len())
                .filter(|&pod| pods[pod].is_current == is_current)
                .collect();
            indices.sort_by_key(|&pod| pods[pod].is_ready);
            indices
        };
        for pod in candidates(true).into_iter().take(current.saturating_sub(replicas)) {
            ready -= usize::from(pods[pod].is_ready);
            plan.stop.push(pod);
        }
        // An old pod stops only after its successor is ready.
        let starting = count(|pod| pod.is_current && !pod.is_ready);
        let mut surplus = pods.len().saturating_sub(plan.stop.len() + replicas + starting);
        for pod in candidates(false) {
            if surplus > 0 && (!pods[pod].is_ready || ready > replicas) {
                ready -= usize::from(pods[pod].is_ready);
                surplus -= 1;
                plan.stop.push(pod);
            }
        }
        plan
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

    fn pods(number: usize, is_current: bool, is_ready: bool) -> Vec<PodState> {
        vec![PodState { is_current, is_ready }; number]
    }

    #[test]
    fn a_rolling_update_has_one_more_pod_at_most_and_never_fewer_ready_ones() {
        let mut pods = pods(3, false, true);
        for _ in 0..3 {
            let plan = Plan::new(3, &pods);
            assert_eq!((plan.start, plan.stop.len()), (1, 0), "{pods:?}");
            pods.push(PodState {
                is_current: true,
                is_ready: false,
            });
            assert_eq!(Plan::new(3, &pods), Plan::default(), "waits for readiness: {pods:?}");
            pods[3].is_ready = true;
            let plan = Plan::new(3, &pods);
            assert_eq!((plan.start, plan.stop.as_slice()), (0, &[0][..]), "{pods:?}");
            pods.remove(0);
        }
        assert_eq!(Plan::new(3, &pods), Plan::default());
    }

    #[test]
    fn a_release_that_never_becomes_ready_stops_no_pod_and_goes_when_it_is_undone() {
        let old = pods(3, false, true);
        let broken = [old, pods(1, true, false)].concat();
        assert_eq!(Plan::new(3, &broken), Plan::default());
        let undone = [pods(3, true, true), pods(1, false, false)].concat();
        assert_eq!(
            Plan::new(3, &undone),
            Plan {
                start: 0,
                stop: vec![3]
            }
        );
    }

    #[test]
    fn scaling_starts_all_new_pods_at_once_and_stops_those_that_are_not_ready_first() {
        assert_eq!(Plan::new(5, &pods(3, true, true)).start, 2);
        let five = [pods(3, true, true), pods(2, true, false)].concat();
        assert_eq!(Plan::new(3, &five).stop, [3, 4]);
        assert_eq!(Plan::new(0, &five).stop.len(), 5);
    }

    #[test]
    fn a_deleted_pod_is_replaced_at_once() {
        assert_eq!(Plan::new(3, &pods(2, true, true)).start, 1);
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
