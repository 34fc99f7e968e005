//! Keeps the pods of a workload up to date by a watch.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event},
    },
};
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    pods::{ObservedPod, PodChange, PodState},
    workload::Workload,
};

/// How long after the grace period of a pod its processes have surely been killed.
const KILL_TIME: Duration = Duration::from_secs(2);

/// Keeps the pods of one workload up to date.
pub struct Recorder {
    workload: Workload,
    current: Arc<watch::Sender<BTreeMap<String, ObservedPod>>>,
    history: Arc<Mutex<Vec<PodChange>>>,
    /// Pods that terminate, and when their processes have surely been killed. Old kubelets do not always report it.
    deadlines: BTreeMap<String, Instant>,
}

impl Recorder {
    pub fn new(
        workload: &Workload,
        current: Arc<watch::Sender<BTreeMap<String, ObservedPod>>>,
        history: Arc<Mutex<Vec<PodChange>>>,
    ) -> Self {
        Self {
            workload: workload.clone(),
            current,
            history,
            deadlines: BTreeMap::new(),
        }
    }

    /// Watches until it is dropped.
    pub async fn run(mut self, api: Api<Pod>) {
        let selected = watcher::Config::default().labels_from(&self.workload.selector);
        let mut events = pin!(watcher::watcher(api, selected).default_backoff());
        let mut listed = BTreeSet::new();
        loop {
            let next = self.deadlines.values().min().copied();
            let event = tokio::select! {
                event = events.next() => event,
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    self.end_overdue();
                    continue;
                }
            };
            let Some(event) = event else { return };
            match event {
                Ok(Event::Init) => listed.clear(),
                Ok(Event::InitApply(pod)) => {
                    listed.extend(pod.metadata.name.clone());
                    self.apply(&pod);
                }
                Ok(Event::Apply(pod)) => self.apply(&pod),
                Ok(Event::Delete(pod)) => {
                    let name = pod.metadata.name.unwrap_or_default();
                    self.deadlines.remove(&name);
                    self.change(name, None);
                }
                Ok(Event::InitDone) => {
                    let reference = self.workload.reference();
                    let known: Vec<_> = self.current.borrow().values().cloned().collect();
                    for pod in known {
                        if pod.workload == reference && !listed.contains(&pod.name) {
                            self.change(pod.name, None);
                        }
                    }
                }
                Err(error) => eprintln!("  the watch of the pods is started again: {error}"),
            }
        }
    }

    fn apply(&mut self, pod: &Pod) {
        let grace = Duration::from_secs(pod.metadata.deletion_grace_period_seconds.unwrap_or(0).unsigned_abs());
        let Some(pod) = ObservedPod::of(pod, &self.workload) else {
            return;
        };
        let known = self.current.borrow().get(&pod.name).cloned();
        if known.is_some_and(|known| known.state == PodState::Ended && known.uid == pod.uid) {
            return;
        }
        match pod.state {
            PodState::Terminating => {
                let deadline = Instant::now() + grace + KILL_TIME;
                self.deadlines.entry(pod.name.clone()).or_insert(deadline);
            }
            _ => drop(self.deadlines.remove(&pod.name)),
        }
        self.change(pod.name.clone(), Some(pod));
    }

    /// Takes pods for ended whose grace period is over.
    fn end_overdue(&mut self) {
        let now = Instant::now();
        let overdue: Vec<_> = self.deadlines.extract_if(.., |_, deadline| *deadline <= now).collect();
        for (name, _) in overdue {
            let pod = self.current.borrow().get(&name).cloned();
            if let Some(mut pod) = pod {
                pod.state = PodState::Ended;
                self.change(name, Some(pod));
            }
        }
    }

    fn change(&self, name: String, pod: Option<ObservedPod>) {
        self.current.send_if_modified(|pods| {
            let has_changed = match &pod {
                Some(pod) => pods.insert(name.clone(), pod.clone()).as_ref() != Some(pod),
                None => pods.remove(&name).is_some(),
            };
            if has_changed {
                let at = Instant::now();
                self.history.lock().push(PodChange { at, pod, name });
            }
            has_changed
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;
    use crate::cluster::tests::workload;

    #[tokio::test]
    async fn a_pod_has_ended_after_its_grace_period_though_the_kubelet_has_not_reported_it() {
        let workload = workload(json!({"template": {"spec": {"containers": [{"name": "shop", "image": "shop:v1"}]}}}));
        let (sender, current) = watch::channel(BTreeMap::new());
        let mut recorder = Recorder::new(&workload, Arc::new(sender), Arc::default());
        let pod = from_value(json!({"metadata": {
            "name": "a", "labels": {"pod-template-hash": "1"},
            "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-1", "uid": "1", "controller": true}],
        }}))
        .unwrap();
        let state = || current.borrow()["a"].state;
        recorder.apply(&pod);
        recorder.end_overdue();
        assert_eq!(state(), PodState::Terminating);
        recorder.deadlines.insert("a".to_owned(), Instant::now());
        recorder.end_overdue();
        assert_eq!(state(), PodState::Ended);
        recorder.apply(&pod);
        assert_eq!(state(), PodState::Ended);
    }
}
