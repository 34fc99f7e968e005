//! A pod that sees the processes of its node, for what cannot be done from outside.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api,
    api::{LogParams, PostParams},
};
use serde_json::json;
use tokio::time::timeout;

use super::{
    Cluster,
    cleanup::Cleanup,
    pods::{is_about_images, statuses, waiting},
    wait::{IMAGE_TIMEOUT, until},
    workload::Workload,
};
use crate::plan::workload::Tool;

/// The name of the pod, and the prefix of its namespace's name.
pub const NAME: &str = "kubectl-confidence";

/// KILL: signals to processes of other users. The others: reading their environment and namespaces.
const CAPABILITIES: [&str; 3] = ["KILL", "SYS_PTRACE", "DAC_READ_SEARCH"];

/// AppArmor's default profile lets a container send signals to other containers only.
const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/tool";

/// An image, and when it is pulled.
#[derive(Debug, Clone)]
pub struct Image {
    pub name: String,
    pub pull_policy: String,
}

impl Image {
    /// Returns the image of pods on a node that the plan wants. It must have a shell, `grep` and `tr`.
    pub fn for_nodes(tool: &Tool, workloads: &[Workload]) -> Self {
        let of = tool.image_of.as_ref().map(|name| name.as_ref());
        let workload = of.and_then(|name| {
            workloads
                .iter()
                .find(|found| found.name == *name || found.reference() == *name)
        });
        match workload {
            Some(workload) => Self::of(workload),
            None => Self {
                name: tool.image.clone().unwrap_or_else(|| "busybox".to_owned()),
                pull_policy: "IfNotPresent".to_owned(),
            },
        }
    }

    fn of(workload: &Workload) -> Self {
        let policy = workload.container().image_pull_policy.clone();
        Self {
            name: workload.image().to_owned(),
            pull_policy: policy.unwrap_or_else(|| "IfNotPresent".to_owned()),
        }
    }
}

/// A pod that runs a shell script on a node, in a temporary namespace.
pub struct NodePod<'a> {
    cluster: &'a Cluster,
    namespace: String,
    api: Api<Pod>,
}

impl Cluster {
    /// Starts a pod that sees the node's processes, and runs a shell script as root.
    ///
    /// The namespace is labelled for the Pod Security Standard *privileged*: in the workloads' own one, such a pod is often
    /// rejected. The pod itself has no more privileges than it needs.
    pub async fn run_on_node(&self, node: &str, script: &str, variables: &[(&str, &str)]) -> Result<NodePod<'_>> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let namespace = format!("{NAME}-{:x}", since_1970.as_millis());
        let labels = ["enforce", "audit", "warn"].map(|mode| format!("pod-security.kubernetes.io/{mode}"));
        let labels: serde_json::Map<_, _> = labels.into_iter().map(|label| (label, json!("privileged"))).collect();
        let object: Namespace = serde_json::from_value(json!({"metadata": {"name": namespace, "labels": labels}}))?;
        let namespaces = Api::<Namespace>::all(self.client.clone());
        self.add_cleanup(Cleanup::delete::<Namespace>(&namespace));
        let created = namespaces.create(&PostParams::default(), &object).await;
        created.context("cannot create a temporary namespace")?;
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": NAME, "annotations": {APPARMOR: "unconfined"}},
            "spec": {
                "nodeName": node, "hostPID": true, "restartPolicy": "Never", "automountServiceAccountToken": false,
                "terminationGracePeriodSeconds": 1, "tolerations": [{"operator": "Exists"}],
                "containers": [{
                    "name": "tool", "image": self.node_image.name, "imagePullPolicy": self.node_image.pull_policy,
                    "command": ["sh", "-c", script], "env": variables,
                    "securityContext": {
                        "runAsUser": 0, "runAsNonRoot": false, "capabilities": {"drop": ["ALL"], "add": CAPABILITIES},
                    },
                }],
            },
        }))?;
        let api = Api::<Pod>::namespaced(self.client.clone(), &namespace);
        let created = api.create(&PostParams::default(), &pod).await;
        created.context("cannot create a pod on the node")?;
        Ok(NodePod {
            cluster: self,
            namespace,
            api,
        })
    }

    /// Waits until a pod has one of these phases, and returns it.
    pub async fn until_phase(&self, api: &Api<Pod>, name: &str, phases: &[&str]) -> Result<Pod> {
        let is_there = |pod: Option<&Pod>| phases.contains(&phase(pod));
        let waits = |pod: Option<&Pod>| image_trouble(pod).is_some();
        let trouble = async {
            loop {
                let pod = until(api.clone(), name, waits).await?;
                let is_resolved = until(api.clone(), name, |pod: Option<&Pod>| phase(pod) != "Pending");
                if timeout(IMAGE_TIMEOUT, is_resolved).await.is_err() {
                    bail!(
                        "pod/{name} does not start: {}",
                        image_trouble(pod.as_ref()).unwrap_or_default()
                    );
                }
            }
        };
        let what = format!("pod/{name} to be {}", phases.join(" or "));
        self.in_time(&what, self.wait, async {
            tokio::select! {
                pod = until(api.clone(), name, is_there) => pod?.context("the pod is gone"),
                error = trouble => error,
            }
        })
        .await
    }
}

impl NodePod<'_> {
    /// Waits until the script runs.
    pub async fn started(self) -> Result<Self> {
        self.until_phase(&["Running", "Succeeded", "Failed"]).await?;
        Ok(self)
    }

    /// Waits until the script has ended, and removes the namespace.
    pub async fn finished(self) -> Result<()> {
        self.until_phase(&["Succeeded", "Failed"]).await?;
        let namespace = Cleanup::delete::<Namespace>(&self.namespace);
        self.cluster.clean_up(&namespace).await
    }

    async fn until_phase(&self, phases: &[&str]) -> Result<()> {
        let pod = self.cluster.until_phase(&self.api, NAME, phases).await?;
        if phase(Some(&pod)) == "Failed" {
            let mut terminated = statuses(&pod).filter_map(|status| status.state.as_ref()?.terminated.as_ref());
            let reason = terminated
                .find_map(|terminated| terminated.message.clone())
                .unwrap_or_default();
            // A container that could not be started has no log.
            let printed = self.api.logs(NAME, &LogParams::default()).await.unwrap_or_default();
            bail!("{}{reason}", printed.trim());
        }
        Ok(())
    }
}

fn phase(pod: Option<&Pod>) -> &str {
    let status = pod.and_then(|pod| pod.status.as_ref());
    status.and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

/// Returns why a container of the pod waits for its image, in the kubelet's words.
fn image_trouble(pod: Option<&Pod>) -> Option<String> {
    let mut waiting = statuses(pod?).filter_map(waiting);
    let waiting = waiting.find(|waiting| waiting.reason.as_deref().is_some_and(is_about_images))?;
    let words = [waiting.reason.clone(), waiting.message.clone()].into_iter().flatten();
    Some(words.collect::<Vec<_>>().join(": "))
}
