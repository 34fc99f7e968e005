//! What nobody plans: a process that dies, a node that is emptied.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::cluster::{App, Cluster, PODS, is_ready, items, some_pod};
use super::kubectl;
use super::wait::{PATIENCE, rolled_out, until};

/// The pod that kills.
pub(super) const KILLER: &str = "k8s-demo-kill";

/// Finds the process by what the downward API put into its environment.
const KILL: &str = r#"
    for environment in /proc/[0-9]*/environ; do
        if tr '\0' '\n' 2>/dev/null <"$environment" | grep -qx "POD_NAME=$VICTIM"; then
            process=${environment%/environ}
            kill -KILL "${process#/proc/}" && exit
        fi
    done
    echo "no process of $VICTIM found"
    exit 1"#;

impl Cluster {
    /// Kills the process of one backend pod by SIGKILL, and waits until it is back.
    ///
    /// The backend's image has no shell, and a container's first process cannot be killed from inside: a pod that sees the
    /// node's processes does it, as the same user, from the frontend's image. The namespace must allow `hostPID`.
    pub async fn kill_backend(&self) -> Result<()> {
        let (victim, node) = some_pod(App::Backend).await?;
        let restarts = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].as_u64();
        let before = restarts(&kubectl::get(&["pod", &victim]).await?);
        let frontend = self.container(App::Frontend);
        kubectl::create(&json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": KILLER},
            "spec": {
                "nodeName": node, "hostPID": true, "restartPolicy": "Never", "automountServiceAccountToken": false,
                "securityContext": self.found(App::Backend)["spec"]["template"]["spec"]["securityContext"],
                "containers": [{
                    "name": "kill", "image": frontend["image"], "imagePullPolicy": frontend["imagePullPolicy"],
                    "command": ["sh", "-c", KILL], "env": [{"name": "VICTIM", "value": victim}],
                    "securityContext": self.container(App::Backend)["securityContext"],
                }],
            },
        }))
        .await?;
        let phase = until("the killer to be done", async || {
            let pod = kubectl::get(&["pod", KILLER]).await?;
            let phase = pod["status"]["phase"].as_str().unwrap_or_default().to_owned();
            Ok(["Succeeded", "Failed"].contains(&phase.as_str()).then_some(phase))
        })
        .await?;
        let said = kubectl::run(&["logs", KILLER]).await?;
        kubectl::run(&["delete", "pod", KILLER, "--now"]).await?;
        ensure!(phase == "Succeeded", "the backend could not be killed: {said}");
        until("the backend to be started again", async || {
            let pod = kubectl::get(&["pod", &victim]).await?;
            Ok((restarts(&pod) > before && is_ready(&pod)).then_some(()))
        })
        .await
    }

    /// Evicts the application's pods from a node, by `kubectl drain`, and opens the node again.
    ///
    /// Where there is no other node it is opened as soon as it is closed, so that the successors have a place: the disruption
    /// budget still has the pods leave one by one.
    pub async fn drain_node(&mut self) -> Result<()> {
        let (_, node) = some_pod(App::Backend).await?;
        let nodes = kubectl::get(&["nodes"]).await?;
        let is_open = |node: &&Value| node["spec"]["unschedulable"] != true;
        let has_others = items(&nodes).filter(is_open).count() > 1;

        let timeout = format!("--timeout={}s", PATIENCE.as_secs());
        let drain = [
            "drain",
            &node,
            "--pod-selector",
            PODS,
            "--delete-emptydir-data",
            "--ignore-daemonsets",
            &timeout,
        ];
        let open_early = async {
            if has_others {
                return Ok(());
            }
            until("the node to be closed", async || {
                let closed = kubectl::get(&["node", &node]).await?["spec"]["unschedulable"] == true;
                Ok(closed.then_some(()))
            })
            .await?;
            kubectl::run(&["uncordon", &node]).await.map(drop)
        };
        self.closed_node = Some(node.clone());
        tokio::try_join!(kubectl::run(&drain), open_early)?;
        kubectl::run(&["uncordon", &node]).await?;
        self.closed_node = None;
        rolled_out(&App::ALL).await
    }
}
