//! A privileged pod on a node, for what only the node itself can do.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::Cluster;
use super::deployment::Deployment;
use super::undo::Step;
use crate::plan;

/// The name of the pod, and the prefix of its namespace's name.
const NAME: &str = "kubectl-confidence";

/// The image of the pod. It must have a shell, `grep` and `tr`.
#[derive(Debug, Clone)]
pub struct ToolImage {
    image: String,
    pull_policy: Value,
}

impl ToolImage {
    /// Returns the image that the plan wants.
    pub fn choose(plan: &plan::Tool, deployments: &[Deployment]) -> Self {
        let of = plan.image_of.as_ref().map(|name| name.as_ref());
        if let Some(deployment) = of.and_then(|name| deployments.iter().find(|found| found.name == *name)) {
            return Self {
                image: deployment.image().to_owned(),
                pull_policy: deployment.container()["imagePullPolicy"].clone(),
            };
        }
        Self {
            image: plan.image.clone().unwrap_or_else(|| "busybox".to_owned()),
            pull_policy: json!("IfNotPresent"),
        }
    }
}

/// A privileged pod that runs a shell script on a node, in a temporary namespace.
#[derive(Debug)]
pub struct ToolPod<'a> {
    cluster: &'a Cluster,
    namespace: String,
}

impl Cluster {
    /// Starts a privileged pod that sees the node's processes and runs a shell script.
    ///
    /// The namespace is labelled for the Pod Security level *privileged*: in the Deployments' own one, such a pod is often
    /// rejected.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn run_on_node(&self, node: &str, script: &str, variables: &[(&str, &str)]) -> Result<ToolPod<'_>> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let namespace = format!("{NAME}-{:x}", since_1970.as_millis());
        self.undo.add(Step::DeleteNamespace(namespace.clone()));
        let labels =
            ["enforce", "audit", "warn"].map(|mode| (format!("pod-security.kubernetes.io/{mode}"), "privileged"));
        let labels: std::collections::BTreeMap<_, _> = labels.into_iter().collect();
        self.kubectl
            .in_namespace(&namespace)
            .create(
                &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}),
            )
            .await?;
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        self.kubectl
            .in_namespace(&namespace)
            .create(&json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME, "namespace": namespace},
                "spec": {
                    "nodeName": node, "hostPID": true, "restartPolicy": "Never", "automountServiceAccountToken": false,
                    "terminationGracePeriodSeconds": 1, "tolerations": [{"operator": "Exists"}],
                    "containers": [{
                        "name": "tool", "image": self.tool.image, "imagePullPolicy": self.tool.pull_policy,
                        "command": ["sh", "-c", script], "env": variables,
                        "securityContext": {"privileged": true, "runAsUser": 0, "runAsNonRoot": false},
                    }],
                },
            }))
            .await?;
        Ok(ToolPod {
            cluster: self,
            namespace,
        })
    }
}

impl ToolPod<'_> {
    /// Waits until the script runs.
    ///
    /// # Errors
    /// If it does not start in time.
    pub async fn started(&self) -> Result<()> {
        self.phase("the pod on the node to start", &["Running", "Succeeded", "Failed"])
            .await
            .map(drop)
    }

    /// Waits until the script has ended, and removes the namespace.
    ///
    /// # Errors
    /// If the script fails. The error has what it printed.
    pub async fn finished(self) -> Result<()> {
        let phase = self
            .phase("the pod on the node to end", &["Succeeded", "Failed"])
            .await?;
        let printed = self
            .cluster
            .kubectl
            .in_namespace(&self.namespace)
            .run(&["logs", NAME])
            .await?;
        let step = Step::DeleteNamespace(self.namespace.clone());
        self.cluster.undo.one(self.cluster, &step).await?;
        ensure!(phase == "Succeeded", "{}", printed.trim());
        Ok(())
    }

    async fn phase(&self, what: &str, awaited: &[&str]) -> Result<String> {
        let kubectl = self.cluster.kubectl.in_namespace(&self.namespace);
        self.cluster
            .until(what, self.cluster.wait, async || {
                let pod = kubectl.get(&["pod", NAME]).await?;
                let phase = pod["status"]["phase"].as_str().unwrap_or_default().to_owned();
                Ok(awaited.contains(&phase.as_str()).then_some(phase))
            })
            .await
    }
}
