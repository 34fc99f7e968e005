//! Nodes: which hold the pods, draining them, and commands that stop them.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use kube::{
    Api,
    api::{EvictParams, ListParams},
};
use tokio::time::timeout;

use super::{
    Cluster,
    cleanup::{Cleanup, shell},
    pods::{ObservedPod, PodState},
    wait::until,
};

/// How long to wait for a change before an eviction that a disruption budget has rejected is tried again.
const EVICTION_INTERVAL: Duration = Duration::from_secs(1);

impl Cluster {
    /// Returns the names of the nodes that hold a ready pod of the workloads, each once.
    pub fn nodes_with_pods(&self) -> Vec<String> {
        let mut pods = self.pods.current();
        pods.retain(|pod| pod.state == PodState::Ready);
        let mut nodes: Vec<_> = pods.into_iter().filter_map(|pod| pod.node).collect();
        nodes.sort();
        nodes.dedup();
        nodes
    }

    /// Returns the nodes that are ready and accept pods.
    pub async fn schedulable_nodes(&self) -> Result<Vec<String>> {
        let nodes = self.node_api().list(&ListParams::default()).await?;
        let nodes = nodes.into_iter().filter(|node| !is_cordoned(node) && is_ready(node));
        Ok(nodes.filter_map(|node| node.metadata.name).collect())
    }

    pub fn node_api(&self) -> Api<Node> {
        Api::all(self.client.clone())
    }

    /// Waits until Kubernetes takes the node for ready, or for not ready.
    pub async fn until_node_is_ready(&self, node: &str, is_wanted: bool) -> Result<()> {
        let what = if is_wanted {
            "to be ready"
        } else {
            "to be marked NotReady"
        };
        let has_changed = |node: Option<&Node>| node.is_some_and(|node| is_ready(node) == is_wanted);
        let changed = until(self.node_api(), node, has_changed);
        self.in_time(&format!("{node} {what}"), self.wait, changed)
            .await
            .map(drop)
    }

    /// Evicts the pods of the workloads from a node, and no others. Meanwhile the node is cordoned, unless it is the only one
    /// that accepts pods: the new pods need a place. Disruption budgets make the pods leave one by one.
    pub async fn drain(&self, node: &str) -> Result<()> {
        let has_others = self.schedulable_nodes().await?.iter().any(|other| other != node);
        let was_cordoned = is_cordoned(&self.node_api().get(node).await?);
        let uncordon = Cleanup::Uncordon(node.to_owned());
        if has_others && !was_cordoned {
            self.add_cleanup(uncordon.clone());
            let cordoned = self.node_api().cordon(node).await;
            cordoned.with_context(|| format!("cannot cordon {node}"))?;
        }
        let mut pods = self.pods.current();
        pods.retain(|pod| pod.node.as_deref() == Some(node) && pod.state < PodState::Terminating);
        self.in_time("the pods to be evicted", self.wait, async {
            for pod in &pods {
                self.evict(pod).await?;
            }
            Ok(())
        })
        .await?;
        self.wait_until_stable().await?;
        match has_others && !was_cordoned {
            true => self.clean_up(&uncordon).await,
            false => Ok(()),
        }
    }

    /// Evicts a pod as soon as its disruption budget allows it.
    async fn evict(&self, pod: &ObservedPod) -> Result<()> {
        loop {
            match self.pod_api().evict(&pod.name, &EvictParams::default()).await {
                Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
                Err(kube::Error::Api(status)) if status.code == 429 => {
                    let _ = timeout(EVICTION_INTERVAL, self.pods.changed()).await;
                }
                evicted => {
                    return evicted
                        .map(drop)
                        .with_context(|| format!("cannot evict pod/{}", pod.name));
                }
            }
        }
    }

    /// Runs the command that stops a node or its kubelet, having noted the one that starts it again.
    pub async fn stop_node(&self, stop: &str, start: &str) -> Result<()> {
        self.add_cleanup(Cleanup::Start(start.to_owned()));
        shell(stop).await
    }

    /// Runs the command that starts a node or its kubelet again.
    pub async fn start_node(&self, start: &str) -> Result<()> {
        self.clean_up(&Cleanup::Start(start.to_owned())).await
    }
}

fn is_cordoned(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true)
}

fn is_ready(node: &Node) -> bool {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn label<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.metadata.labels.as_ref()?.get(name).map(String::as_str)
}

/// Returns whether the node is part of the control plane.
pub fn is_control_plane(node: &Node) -> bool {
    [
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/master",
    ]
    .iter()
    .any(|role| label(node, role).is_some())
}

/// Returns the commands that cut and restore a node's power, for the clusters that are known.
pub fn power_commands(context: &str, node: &Node) -> Option<(String, String)> {
    let provider = node
        .spec
        .as_ref()
        .and_then(|spec| spec.provider_id.as_deref())
        .unwrap_or_default();
    if context.starts_with("kind-") || provider.starts_with("kind://") || context.starts_with("k3d-") {
        return Some(("docker kill {node}".to_owned(), "docker start {node}".to_owned()));
    }
    let profile = label(node, "minikube.k8s.io/name")?;
    let command = |verb: &str| format!("minikube --profile {profile} node {verb} {{node}}");
    Some((command("stop"), command("start")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_power_of_known_clusters_is_cut_by_their_own_commands() {
        let node = |provider: &str, labels| -> Node {
            serde_json::from_value(json!({"spec": {"providerID": provider}, "metadata": {"labels": labels}})).unwrap()
        };
        let down = |context: &str, node: &Node| power_commands(context, node).map(|(down, _)| down);
        let docker = Some("docker kill {node}".to_owned());
        assert_eq!(down("kind-a", &node("", json!({}))), docker);
        assert_eq!(down("renamed", &node("kind://docker/a/a-worker", json!({}))), docker);
        assert_eq!(down("k3d-a", &node("k3s://k3d-a-agent-0", json!({}))), docker);
        let minikube = down("renamed", &node("", json!({"minikube.k8s.io/name": "shop"})));
        assert_eq!(minikube.as_deref(), Some("minikube --profile shop node stop {node}"));
        assert_eq!(down("a-cloud", &node("gce://a/b", json!({}))), None);
    }
}
