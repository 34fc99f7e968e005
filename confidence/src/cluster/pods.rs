//! What happens to the pods of the workloads, as it happens.

use std::{collections::BTreeMap, sync::Arc};

use k8s_openapi::api::core::v1::{ContainerStateWaiting, ContainerStatus, Pod};
use kube::Api;
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinSet, time::Instant};

use super::{recorder::Recorder, workload::Workload};
use crate::plan::workload::Kind;

/// The name of the second Deployment that a canary or blue-green scenario makes is that of the first one with this suffix.
pub const SECOND: &str = "-confidence";

/// The pods of all workloads, kept up to date by watches.
#[derive(Debug)]
pub struct Pods {
    current: watch::Receiver<BTreeMap<String, ObservedPod>>,
    history: Arc<Mutex<Vec<PodChange>>>,
    /// The watches. They end with this.
    _watches: JoinSet<()>,
}

/// A pod at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedPod {
    pub name: String,
    pub uid: String,
    /// Its workload, such as `deployment/shop`.
    pub workload: String,
    pub node: Option<String>,
    /// The image of the workload's container.
    pub image: String,
    /// The hash of its pod template: pods of one release have the same.
    pub release: String,
    pub state: PodState,
    /// How often its containers were started again.
    pub restarts: i32,
    /// Why a container is waiting, such as `CrashLoopBackOff`.
    pub reason: Option<String>,
    /// The image of that container.
    pub waiting_image: Option<String>,
}

/// The state of a pod, as its clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodState {
    /// Not yet ready for the first time, or no longer.
    NotReady,
    /// In its Services.
    Ready,
    /// Asked to end.
    Terminating,
    /// All its containers have ended, for good. A kubelet may take another minute until the pod is gone.
    Ended,
}

#[derive(Debug, Clone)]
pub struct PodChange {
    /// When it was seen.
    pub at: Instant,
    /// The pod after the change. `None` if it is gone.
    pub pod: Option<ObservedPod>,
    pub name: String,
}

impl Pods {
    /// Watches the pods of these workloads.
    pub fn watch(api: &Api<Pod>, workloads: &[Workload]) -> Self {
        let (sender, current) = watch::channel(BTreeMap::new());
        let sender = Arc::new(sender);
        let history = Arc::<Mutex<Vec<PodChange>>>::default();
        let mut watches = JoinSet::new();
        for workload in workloads {
            let recorder = Recorder::new(workload, sender.clone(), history.clone());
            watches.spawn(recorder.run(api.clone()));
        }
        Self {
            current,
            history,
            _watches: watches,
        }
    }

    pub fn current(&self) -> Vec<ObservedPod> {
        self.current.borrow().values().cloned().collect()
    }

    pub fn history(&self) -> Vec<PodChange> {
        self.history.lock().clone()
    }

    /// Waits until the pods satisfy a predicate.
    pub async fn until(&self, mut predicate: impl FnMut(&BTreeMap<String, ObservedPod>) -> bool) {
        let mut current = self.current.clone();
        if current.wait_for(|pods| predicate(pods)).await.is_err() {
            // The watches live as long as this: they have not ended.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until a pod has changed.
    pub async fn changed(&self) {
        let count = || self.history.lock().len();
        let before = count();
        self.until(|_| count() > before).await;
    }
}

impl ObservedPod {
    /// Reads a pod, if it belongs to this workload or to the second Deployment that a scenario makes of it. Other workloads
    /// may have pods with the same labels.
    pub fn of(pod: &Pod, workload: &Workload) -> Option<Self> {
        let metadata = &pod.metadata;
        let label = |name: &str| metadata.labels.as_ref().and_then(|labels| labels.get(name)).cloned();
        let release = label("pod-template-hash").or_else(|| label("controller-revision-hash"));
        let release = release.unwrap_or_default();
        let owner = metadata
            .owner_references
            .iter()
            .flatten()
            .find(|owner| owner.controller == Some(true))?;
        let owner = match workload.kind {
            // A ReplicaSet is named after its Deployment and the hash.
            Kind::Deployment => owner.name.strip_suffix(&format!("-{release}"))?,
            Kind::StatefulSet | Kind::DaemonSet => &owner.name,
        };
        if owner != workload.name && owner.strip_suffix(SECOND) != Some(&workload.name) {
            return None;
        }
        let spec = pod.spec.as_ref();
        let status = pod.status.as_ref();
        let waiting = statuses(pod).find(|status| waiting(status).is_some_and(|waiting| waiting.reason.is_some()));
        let mut containers = spec.iter().flat_map(|spec| &spec.containers);
        let image = containers.find(|container| container.name == workload.container().name);
        let phase = status.and_then(|status| status.phase.as_deref());
        let is_deleted = metadata.deletion_timestamp.is_some();
        let state = if matches!(phase, Some("Succeeded" | "Failed")) || is_deleted && none_is_running(pod) {
            PodState::Ended
        } else if is_deleted {
            PodState::Terminating
        } else if is_ready(pod) {
            PodState::Ready
        } else {
            PodState::NotReady
        };
        Some(Self {
            name: metadata.name.clone().unwrap_or_default(),
            uid: metadata.uid.clone().unwrap_or_default(),
            workload: format!("{}/{owner}", workload.kind),
            node: spec.and_then(|spec| spec.node_name.clone()),
            image: image.and_then(|container| container.image.clone()).unwrap_or_default(),
            release,
            state,
            restarts: statuses(pod).map(|status| status.restart_count).sum(),
            reason: waiting.and_then(|status| self::waiting(status)?.reason.clone()),
            waiting_image: waiting.map(|status| status.image.clone()),
        })
    }

    /// Returns the image that the pod waits for and its node cannot get.
    pub fn missing_image(&self) -> Option<&str> {
        let is_missing = is_about_images(self.reason.as_deref()?);
        is_missing.then_some(self.waiting_image.as_deref().unwrap_or(&self.image))
    }
}

impl PodState {
    /// Returns its name in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotReady => "not-ready",
            Self::Ready => "ready",
            Self::Terminating => "terminating",
            Self::Ended => "ended",
        }
    }
}

/// Returns whether a container with this reason waits for its image.
pub fn is_about_images(reason: &str) -> bool {
    matches!(
        reason,
        "ErrImageNeverPull" | "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ImageInspectError"
    )
}

/// Returns the statuses of a pod's containers.
pub fn statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status
        .iter()
        .flat_map(|status| status.container_statuses.iter().flatten())
}

/// Returns whether no container of a pod is running.
fn none_is_running(pod: &Pod) -> bool {
    let is_running = |status: &ContainerStatus| status.state.as_ref().is_some_and(|state| state.running.is_some());
    statuses(pod).next().is_some() && !statuses(pod).any(is_running)
}

pub fn waiting(status: &ContainerStatus) -> Option<&ContainerStateWaiting> {
    status.state.as_ref()?.waiting.as_ref()
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

#[cfg(test)]
mod tests {
    use k8s_openapi::serde_json::{from_value, json};

    use super::*;
    use crate::cluster::tests::workload;

    #[tokio::test]
    async fn a_pod_of_another_workload_with_the_same_labels_is_not_observed() {
        let workload = workload(json!({"template": {"spec": {"containers": [{"name": "shop", "image": "shop:v1"}]}}}));
        let pod = |owner: &str| -> Pod {
            from_value(json!({"metadata": {
                "name": "a", "labels": {"pod-template-hash": "1"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": "1", "controller": true}],
            }}))
            .unwrap()
        };
        let found = |owner: &str| ObservedPod::of(&pod(owner), &workload).map(|pod| pod.workload);
        assert_eq!(found("shop-1").as_deref(), Some("deployment/shop"));
        assert_eq!(
            found("shop-confidence-1").as_deref(),
            Some("deployment/shop-confidence")
        );
        assert_eq!(found("shop-other-1"), None);
    }

    /// Kubelets of old versions leave such a pod for up to a minute and a half.
    #[tokio::test]
    async fn a_deleted_pod_has_ended_when_its_containers_have() {
        let workload = workload(json!({"template": {"spec": {"containers": [{"name": "shop", "image": "shop:v1"}]}}}));
        let state = |container: &str| {
            let pod = from_value(json!({
                "metadata": {
                    "name": "a", "labels": {"pod-template-hash": "1"}, "deletionTimestamp": "2026-01-01T00:00:00Z",
                    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-1", "uid": "1", "controller": true}],
                },
                "status": {"phase": "Running", "containerStatuses": [{
                    "name": "shop", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": {container: {"exitCode": 0}},
                }]},
            }))
            .unwrap();
            ObservedPod::of(&pod, &workload).unwrap().state
        };
        assert_eq!(state("running"), PodState::Terminating);
        assert_eq!(state("terminated"), PodState::Ended);
    }
}
