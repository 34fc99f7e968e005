//! Waits until the cluster has done something, with a time limit each.

use std::{collections::BTreeMap, fmt::Debug, pin::pin, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use futures::{StreamExt, future::try_join_all};
use kube::{
    Api, Resource,
    api::{DynamicObject, ListParams},
    runtime::{WatchStreamExt, watcher, watcher::watch_object},
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{
    Cluster,
    pods::{ObservedPod, PodState},
    rollout::{is_complete, wanted_pods},
    workload::Workload,
};

/// How long an image may be missing. A node may need a moment for one that was built just now.
pub const IMAGE_TIMEOUT: Duration = Duration::from_secs(15);

impl Cluster {
    /// Waits until the rollouts of these workloads are complete: every new pod is ready, every old one asked to end.
    ///
    /// A rollout that exceeds its progress deadline is given the rest of the time: a slow cluster loses nothing.
    pub async fn rolled_out(&self, workloads: &[&Workload]) -> Result<()> {
        let complete = workloads.iter().map(|workload| {
            let is_complete =
                |object: Option<&DynamicObject>| object.is_some_and(|object| is_complete(workload.kind, object));
            until(workload.api.clone(), &workload.name, is_complete)
        });
        tokio::select! {
            complete = self.in_time("the rollout to complete", self.wait, try_join_all(complete)) => complete.map(drop),
            (pod, image) = self.missing_image() => bail!(
                "the nodes cannot get the image {image} of pod/{pod}: build it, load it into the cluster or push it, then try again"
            ),
        }
    }

    /// Waits until an image has been missing for a while, and returns the pod and the image. Waits forever if none is.
    async fn missing_image(&self) -> (String, String) {
        loop {
            let mut found = None;
            self.pods
                .until(|pods| {
                    let mut pods = pods.values().filter(|pod| pod.state == PodState::NotReady);
                    found = pods.find_map(|pod| Some((pod.name.clone(), pod.missing_image()?.to_owned())));
                    found.is_some()
                })
                .await;
            let Some((name, image)) = found else { continue };
            // The kubelet alternates between several reasons; while the pod is there and never ready, the image is missing.
            let is_resolved = self.pods.until(|pods| {
                let pod = pods.get(&name);
                pod.is_none_or(|pod| pod.state != PodState::NotReady || pod.reason.is_none())
            });
            if timeout(IMAGE_TIMEOUT, is_resolved).await.is_err() {
                return (name, image);
            }
        }
    }

    /// Waits until there are exactly as many pods as there should be, all are ready, and the last other one has ended.
    pub async fn wait_until_stable(&self) -> Result<()> {
        let what = "the pods to be as many as they should be, and ready";
        self.in_time(what, self.wait, async {
            loop {
                let mut replicas = BTreeMap::new();
                for workload in &self.workloads {
                    let now = workload.api.get(&workload.name).await?;
                    replicas.insert(workload.reference(), wanted_pods(workload.kind, &now));
                }
                let is_stable = |pods: &BTreeMap<String, ObservedPod>| {
                    let mut ready: BTreeMap<&str, u64> = BTreeMap::new();
                    for pod in pods.values().filter(|pod| pod.state != PodState::Ended) {
                        if pod.state != PodState::Ready {
                            return false;
                        }
                        *ready.entry(&pod.workload).or_default() += 1;
                    }
                    ready.into_iter().eq(replicas
                        .iter()
                        .filter(|(_, count)| **count > 0)
                        .map(|(name, count)| (name.as_str(), *count)))
                };
                self.pods.until(is_stable).await;
                // The watch may be behind what was just changed: only what the API server says too counts.
                if is_stable(&self.listed_pods().await?) {
                    return Ok(());
                }
                self.pods.changed().await;
            }
        })
        .await
    }

    pub async fn until_pods(
        &self,
        what: &str,
        limit: Duration,
        predicate: impl FnMut(&BTreeMap<String, ObservedPod>) -> bool,
    ) -> Result<()> {
        self.in_time(what, limit, async {
            self.pods.until(predicate).await;
            Ok(())
        })
        .await
    }

    /// Waits for a future.
    pub async fn in_time<T>(&self, what: &str, limit: Duration, future: impl Future<Output = Result<T>>) -> Result<T> {
        let gave_up = |_| {
            anyhow!(
                "gave up waiting for {what} after {} s: {}",
                limit.as_secs(),
                self.describe_pods()
            )
        };
        timeout(limit, future).await.map_err(gave_up)?
    }

    /// Returns the pods that are not ready, for an error message.
    fn describe_pods(&self) -> String {
        let pods = self.pods.current();
        let troubled: Vec<_> = pods
            .iter()
            .filter(|pod| pod.state != PodState::Ready)
            .map(|pod| match &pod.reason {
                Some(reason) => format!("pod/{} is {reason}", pod.name),
                None => format!("pod/{} is {}", pod.name, pod.state.name()),
            })
            .collect();
        match troubled.is_empty() {
            true => format!("pods that are ready: {}", pods.len()),
            false => troubled.join(", "),
        }
    }

    /// Lists the pods, save for those that are known to have ended.
    async fn listed_pods(&self) -> Result<BTreeMap<String, ObservedPod>> {
        let known = self.pods.current();
        let has_ended = |pod: &ObservedPod| {
            let mut known = known.iter();
            known.any(|known| known.uid == pod.uid && known.state == PodState::Ended)
        };
        let mut listed = BTreeMap::new();
        for workload in &self.workloads {
            let selected = ListParams::default().labels_from(&workload.selector);
            let pods = self.pod_api().list(&selected).await.context("cannot list the pods")?;
            let pods = pods.items.iter().filter_map(|pod| ObservedPod::of(pod, workload));
            let pods = pods.filter(|pod| !has_ended(pod));
            listed.extend(pods.map(|pod| (pod.name.clone(), pod)));
        }
        Ok(listed)
    }
}

/// Waits until an object satisfies a predicate, which gets `None` when there is no such object.
pub async fn until<K>(api: Api<K>, name: &str, predicate: impl Fn(Option<&K>) -> bool) -> Result<Option<K>>
where
    K: Clone + Debug + Send + DeserializeOwned + Resource + 'static,
{
    let mut objects = pin!(watch_object(api, name).default_backoff());
    loop {
        match objects.next().await {
            Some(Ok(object)) if predicate(object.as_ref()) => return Ok(object),
            Some(Err(watcher::Error::InitialListFailed(error))) if is_rejection(&error) => return Err(error.into()),
            Some(_) => (),
            None => bail!("the watch of {name} has ended"),
        }
    }
}

/// Returns whether the API server has rejected the request: the user may not do it, or it makes no sense.
fn is_rejection(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if matches!(status.code, 400..=404))
}
