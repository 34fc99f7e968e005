//! Waits until the cluster has done something, with a time limit each.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    Cluster,
    deployment::Deployment,
    kubectl::Kubectl,
    pods::{Pod, PodState},
};

/// How often the cluster is asked where there is no watch.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// What `kubectl rollout status` prints when it gives up before its timeout.
const DEADLINE_EXCEEDED: &str = "exceeded its progress deadline";

/// How long an image may be missing. A node may need a moment for one that was built just now.
const IMAGE_TIMEOUT: Duration = Duration::from_secs(15);

impl Cluster {
    /// Waits until the rollouts of these Deployments are complete: every new pod is ready, every old one asked to end.
    ///
    /// A rollout that exceeds its progress deadline is given the rest of the time: a slow cluster loses nothing.
    ///
    /// # Errors
    /// If a rollout is not complete in time, or needs an image that the nodes cannot get.
    pub async fn rolled_out(&self, deployments: &[&Deployment]) -> Result<()> {
        let limit = Instant::now() + self.wait;
        let mut rollouts = JoinSet::new();
        for deployment in deployments {
            rollouts.spawn(rolled_out(self.kubectl.clone(), deployment.reference(), limit));
        }
        let all = async {
            while let Some(done) = rollouts.join_next().await {
                done??;
            }
            Ok(())
        };
        tokio::select! {
            done = all => done,
            (pod, image) = self.missing_image() => bail!(
                "the nodes cannot get the image {image} of pod/{pod}: build it, load it into the cluster or push it, then try again"
            ),
        }
    }

    /// Waits until an image has been missing for a while, and returns the pod and the image. Waits forever if none is.
    pub async fn missing_image(&self) -> (String, String) {
        let missing = |pods: &BTreeMap<String, Pod>| {
            let mut pods = pods.values().filter(|pod| pod.state == PodState::NotReady);
            pods.find_map(|pod| Some((pod.name.clone(), pod.missing_image()?.to_owned())))
        };
        loop {
            let mut first = None;
            self.pods
                .until(|pods| {
                    first = missing(pods);
                    first.is_some()
                })
                .await;
            let Some((name, image)) = first else { continue };
            // kubelet alternates between several reasons; while the pod is there and never ready, the image is missing.
            let is_resolved = self.pods.until(|pods| {
                pods.get(&name)
                    .is_none_or(|pod| pod.state != PodState::NotReady || pod.reason.is_none())
            });
            if timeout(IMAGE_TIMEOUT, is_resolved).await.is_err() {
                return (name, image);
            }
        }
    }

    /// Waits until there are exactly as many pods as there should be, and all are ready: the last one that was asked to end is
    /// gone.
    ///
    /// # Errors
    /// If it takes too long.
    pub async fn settled(&self) -> Result<()> {
        let limit = Instant::now() + self.wait;
        loop {
            let mut replicas = BTreeMap::new();
            for deployment in &self.deployments {
                let now = self.kubectl.get(&[&deployment.reference()]).await?;
                replicas.insert(deployment.name.as_str(), now["spec"]["replicas"].as_u64().unwrap_or(1));
            }
            let is_settled = |pods: &BTreeMap<String, Pod>| {
                replicas.iter().all(|(name, &replicas)| {
                    let of_this = || pods.values().filter(|pod| pod.deployment == **name);
                    let there = of_this().filter(|pod| pod.state != PodState::Ended).count() as u64;
                    let ready = of_this().filter(|pod| pod.state == PodState::Ready).count() as u64;
                    there == replicas && ready == replicas
                })
            };
            let left = limit.saturating_duration_since(Instant::now());
            timeout(left, self.pods.until(is_settled))
                .await
                .map_err(|_| self.gave_up("the pods to settle"))?;
            // The watch may be behind what kubectl has just changed: only what is seen twice counts.
            let listed = self.listed_pods().await?;
            if is_settled(&listed) {
                return Ok(());
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until the pods are as described.
    ///
    /// # Errors
    /// If it takes too long.
    pub async fn until_pods(&self, what: &str, is_so: impl FnMut(&BTreeMap<String, Pod>) -> bool) -> Result<()> {
        timeout(self.wait, self.pods.until(is_so))
            .await
            .map_err(|_| self.gave_up(what))
    }

    /// Asks again and again until there is something.
    ///
    /// # Errors
    /// If it takes longer than `limit`.
    pub async fn until<T>(
        &self,
        what: &str,
        limit: Duration,
        mut ask: impl AsyncFnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let give_up = Instant::now() + limit;
        loop {
            if let Some(found) = ask().await? {
                return Ok(found);
            }
            if Instant::now() > give_up {
                bail!("gave up waiting for {what} after {} s", limit.as_secs());
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    fn gave_up(&self, what: &str) -> anyhow::Error {
        anyhow!(
            "gave up waiting for {what} after {} s: {}",
            self.wait.as_secs(),
            self.describe_pods()
        )
    }

    /// Returns the pods that are not ready, for an error message.
    fn describe_pods(&self) -> String {
        let pods = self.pods.current();
        let troubled: Vec<_> = pods
            .iter()
            .filter(|pod| pod.state != PodState::Ready)
            .map(|pod| match &pod.reason {
                Some(reason) => format!("pod/{} is {reason}", pod.name),
                None => format!("pod/{} is {:?}", pod.name, pod.state),
            })
            .collect();
        match troubled.is_empty() {
            true => format!("{} pods are ready", pods.len()),
            false => troubled.join(", "),
        }
    }

    async fn listed_pods(&self) -> Result<BTreeMap<String, Pod>> {
        let mut listed = BTreeMap::new();
        for deployment in &self.deployments {
            let pods = self.kubectl.get(&["pods", "--selector", &deployment.selector]).await;
            for pod in super::kubectl::items(&pods.context("cannot list the pods")?) {
                let pod = Pod::from_object(pod, &deployment.name, deployment.container_name());
                listed.insert(pod.name.clone(), pod);
            }
        }
        Ok(listed)
    }
}

/// Waits until the rollout of a Deployment is complete.
async fn rolled_out(kubectl: Kubectl, reference: String, limit: Instant) -> Result<()> {
    loop {
        let left = limit.saturating_duration_since(Instant::now()).as_secs().max(1);
        let timeout = format!("--timeout={left}s");
        match kubectl.run(&["rollout", "status", &reference, &timeout]).await {
            Err(error) if error.to_string().contains(DEADLINE_EXCEEDED) && Instant::now() < limit => {
                sleep(POLL_INTERVAL).await;
            }
            done => return done.map(drop),
        }
    }
}
