//! A pod that sees the processes of its node, for what cannot be done from outside.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use serde_json::json;

use super::{Cluster, undo::Step};

/// The name of the pod, and the prefix of its namespace's name.
const NAME: &str = "kubectl-confidence";

/// KILL: signals to processes of other users. The others: reading their environment and namespaces.
const CAPABILITIES: [&str; 3] = ["KILL", "SYS_PTRACE", "DAC_READ_SEARCH"];

/// AppArmor's default profile lets a container send signals to other containers only.
const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/tool";

/// A pod that runs a shell script on a node, in a temporary namespace.
#[derive(Debug)]
pub struct ToolPod<'a> {
    cluster: &'a Cluster,
    namespace: String,
}

impl Cluster {
    /// Starts a pod that sees the node's processes, and runs a shell script as root.
    ///
    /// The namespace is labelled for the Pod Security Standard *privileged*: in the Deployments' own one, such a pod is often
    /// rejected. The pod itself has no more privileges than it needs.
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
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": NAME, "namespace": namespace, "annotations": {APPARMOR: "unconfined"}},
                "spec": {
                    "nodeName": node, "hostPID": true, "restartPolicy": "Never", "automountServiceAccountToken": false,
                    "terminationGracePeriodSeconds": 1, "tolerations": [{"operator": "Exists"}],
                    "containers": [{
                        "name": "tool", "image": self.tool.image, "imagePullPolicy": self.tool.pull_policy,
                        "command": ["sh", "-c", script], "env": variables,
                        "securityContext": {
                            "runAsUser": 0, "runAsNonRoot": false, "capabilities": {"drop": ["ALL"], "add": CAPABILITIES},
                        },
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
    /// If it does not start in time, or fails at once.
    pub async fn started(self) -> Result<Self> {
        let awaited = ["Running", "Succeeded", "Failed"];
        let phase = self.phase("the pod on the node to start", &awaited).await?;
        if phase == "Failed" {
            self.failure().await?;
        }
        Ok(self)
    }

    /// Waits until the script has ended, and removes the namespace.
    ///
    /// # Errors
    /// If the script fails. The error has what it printed.
    pub async fn finished(self) -> Result<()> {
        let phase = self
            .phase("the pod on the node to end", &["Succeeded", "Failed"])
            .await?;
        if phase == "Failed" {
            self.failure().await?;
        }
        let step = Step::DeleteNamespace(self.namespace);
        self.cluster.undo.one(&self.cluster.kubectl, &step).await
    }

    /// Returns why the script has failed, as an error.
    async fn failure(&self) -> Result<()> {
        let kubectl = self.cluster.kubectl.in_namespace(&self.namespace);
        let pod = kubectl.get(&["pod", NAME]).await?;
        let reason = &pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"];
        // A container that could not be started has no log.
        let printed = kubectl.run(&["logs", NAME]).await.unwrap_or_default();
        bail!("{}{}", printed.trim(), reason.as_str().unwrap_or_default())
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
