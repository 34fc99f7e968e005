//! Nodes: which hold the pods, draining them, and commands that stop them.

use std::{convert::Infallible, time::Duration};

use anyhow::Result;
use serde_json::Value;
use tokio::time::sleep;

use super::{
    Cluster,
    kubectl::items,
    pods::{self, PodState},
    shell::shell,
    undo::Step,
};

/// How often it is checked whether the only node is cordoned.
const CORDON_POLL: Duration = Duration::from_millis(500);

impl Cluster {
    /// Returns the names of the nodes that hold a pod of the Deployments, each once.
    pub fn nodes_with_pods(&self) -> Vec<String> {
        let pods = self.pods.current();
        let mut nodes: Vec<_> = pods.into_iter().filter_map(|pod| pod.node).collect();
        nodes.sort();
        nodes.dedup();
        nodes
    }

    /// Returns the nodes that accept pods.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn schedulable_nodes(&self) -> Result<Vec<String>> {
        let nodes = self.kubectl.get(&["nodes"]).await?;
        Ok(items(&nodes)
            .filter(|node| node["spec"]["unschedulable"] != true && pods::is_ready(node))
            .filter_map(|node| node["metadata"]["name"].as_str())
            .map(str::to_owned)
            .collect())
    }

    /// Returns whether Kubernetes takes the node for ready.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn is_node_ready(&self, node: &str) -> Result<bool> {
        Ok(pods::is_ready(&self.kubectl.get(&["node", node]).await?))
    }

    /// Returns whether the node is part of the control plane.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn is_control_plane(&self, node: &str) -> Result<bool> {
        let node = self.kubectl.get(&["node", node]).await?;
        let labels = &node["metadata"]["labels"];
        let roles = [
            "node-role.kubernetes.io/control-plane",
            "node-role.kubernetes.io/master",
        ];
        Ok(roles.iter().any(|role| !labels[*role].is_null()))
    }

    /// Evicts the pods of the Deployments from a node, by `kubectl drain`, and uncordons the node again, unless it was cordoned
    /// before.
    ///
    /// The only schedulable node is uncordoned whenever `kubectl drain` has cordoned it: the new pods need a place. The
    /// disruption budget still makes the pods leave one by one.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn drain(&self, node: &str) -> Result<()> {
        let has_others = self.schedulable_nodes().await?.iter().any(|other| other != node);
        let uncordon = Step::Uncordon(node.to_owned());
        let was_cordoned = self.is_cordoned(node).await?;
        if !was_cordoned {
            self.undo.add(uncordon.clone());
        }
        tokio::select! {
            evicted = self.evict(node) => evicted?,
            Err(error) = self.keep_uncordoned(node), if !has_others && !was_cordoned => return Err(error),
        }
        self.rolled_out(&self.all()).await?;
        self.settled().await?;
        match was_cordoned {
            true => Ok(()),
            false => self.undo.one(&self.kubectl, &uncordon).await,
        }
    }

    /// Uncordons a node whenever it is cordoned, until that fails.
    async fn keep_uncordoned(&self, node: &str) -> Result<Infallible> {
        loop {
            if self.is_cordoned(node).await? {
                self.kubectl.run(&["uncordon", node]).await?;
            }
            sleep(CORDON_POLL).await;
        }
    }

    async fn is_cordoned(&self, node: &str) -> Result<bool> {
        Ok(self.kubectl.get(&["node", node]).await?["spec"]["unschedulable"] == true)
    }

    async fn evict(&self, node: &str) -> Result<()> {
        let limit = format!("--timeout={}s", self.wait.as_secs());
        let flags = ["--delete-emptydir-data", "--ignore-daemonsets", &limit];
        for deployment in &self.deployments {
            let is_here = |pod: &super::pods::Pod| {
                pod.deployment == deployment.name
                    && pod.node.as_deref() == Some(node)
                    && pod.state != PodState::Terminating
            };
            if self.pods.current().iter().any(is_here) {
                let drain = ["drain", node, "--pod-selector", &deployment.selector];
                self.kubectl.run(&[&drain[..], &flags[..]].concat()).await?;
            }
        }
        Ok(())
    }

    /// Runs the command that stops a node or its kubelet, having noted the one that starts it again.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn stop_node(&self, stop: &str, start: &str) -> Result<()> {
        self.undo.add(Step::Start(start.to_owned()));
        shell(stop).await
    }

    /// Runs the command that starts a node or its kubelet again.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn start_node(&self, start: &str) -> Result<()> {
        self.undo.one(&self.kubectl, &Step::Start(start.to_owned())).await
    }
}

/// Returns the commands that cut and restore a node's power, for the clusters that are known.
pub fn power_commands(context: &str, node: &Value) -> Option<(String, String)> {
    let provider = node["spec"]["providerID"].as_str().unwrap_or_default();
    let is_minikube = !node["metadata"]["labels"]["minikube.k8s.io/name"].is_null();
    let profile = node["metadata"]["labels"]["minikube.k8s.io/name"]
        .as_str()
        .unwrap_or(context);
    if context.starts_with("kind-") || provider.starts_with("kind://") || context.starts_with("k3d-") {
        return Some(("docker kill {node}".to_owned(), "docker start {node}".to_owned()));
    }
    is_minikube.then(|| {
        (
            format!("minikube --profile {profile} node stop {{node}}"),
            format!("minikube --profile {profile} node start {{node}}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_power_of_known_clusters_is_cut_by_their_own_commands() {
        let node = |provider: &str, profile: Option<&str>| json!({"spec": {"providerID": provider}, "metadata": {"labels": {"minikube.k8s.io/name": profile}}});
        let down = |context: &str, node: &Value| power_commands(context, node).map(|(down, _)| down);
        let docker = Some("docker kill {node}".to_owned());
        assert_eq!(down("kind-a", &node("", None)), docker);
        assert_eq!(down("renamed", &node("kind://docker/a/a-worker", None)), docker);
        assert_eq!(down("k3d-a", &node("k3s://k3d-a-agent-0", None)), docker);
        let minikube = down("renamed", &node("", Some("shop")));
        assert_eq!(minikube.as_deref(), Some("minikube --profile shop node stop {node}"));
        assert_eq!(down("a-cloud", &node("gce://a/b", None)), None);
    }

    #[tokio::test]
    async fn a_command_that_fails_is_an_error_with_its_words() {
        assert!(shell("true").await.is_ok());
        let error = shell("echo no such node >&2; exit 3").await.unwrap_err().to_string();
        assert!(error.contains("no such node") && error.contains('3'), "{error}");
    }
}
