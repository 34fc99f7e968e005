//! A process is killed by SIGKILL.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    delete::some_ready_pod,
    stage::{Description, Stage},
};
use crate::cluster::{deployment::Deployment, pods::is_ready};

pub(super) const DESCRIPTION: Description = Description {
    happens: "The processes of a container are killed by SIGKILL, by a pod in a temporary namespace.",
    expected: "The kernel resets the process's connections. The kubelet starts the container again, and Services stop \
               sending to it until it is ready.",
    losses: "What the process had accepted is lost, unless a proxy sends it to another pod. So is what is still sent to the \
             pod before Kubernetes has noticed.",
};

/// Kills all processes of the container, and none of the pod's sandbox: that would take the pod's network away, and leave the
/// node's connection tracking with entries for an address that no longer exists.
///
/// A container's processes have its id in the name of their control group. Where the runtime hides it, they have the
/// pod's host name, and the sandbox's process is named `pause`.
const SCRIPT: &str = r#"
has_id() { grep -q "$CONTAINER_ID" "$1/cgroup"; }
has_host_name() { tr '\0' '\n' <"$1/environ" | grep -qx "HOSTNAME=$POD" && ! grep -qx pause "$1/comm"; }
for is_target in has_id has_host_name; do
    for process in /proc/[0-9]*; do
        $is_target "$process" 2>/dev/null && kill -KILL "${process#/proc/}" && killed=yes
    done
    [ -z "$killed" ] || exit 0
done
echo "no process of pod/$POD found on its node"
exit 1"#;

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let chosen = &stage.settings.kill.deployments;
    for deployment in &stage.targets {
        if chosen.is_empty() || chosen.iter().any(|name| *name.as_ref() == deployment.name) {
            kill(stage, deployment).await?;
        }
    }
    Ok(())
}

async fn kill(stage: &Stage<'_>, deployment: &Deployment) -> Result<()> {
    let cluster = stage.cluster;
    let pod = some_ready_pod(stage, deployment)?;
    let node = pod.node.as_deref().context("a ready pod is on a node")?;
    let before = status(&cluster.kubectl.get(&["pod", &pod.name]).await?, deployment);
    let id = before["containerID"].as_str().unwrap_or_default();
    let id = id.rsplit_once("://").map_or(id, |(_runtime, id)| id);
    anyhow::ensure!(!id.is_empty(), "pod/{} has no running container", pod.name);
    stage.log(format!("killing the processes of pod/{} on {node}", pod.name));
    let killer = cluster
        .run_on_node(node, SCRIPT, &[("CONTAINER_ID", id), ("POD", &pod.name)])
        .await?;
    killer
        .finished()
        .await
        .with_context(|| format!("pod/{} could not be killed", pod.name))?;
    let restarts = |status: &Value| status["restartCount"].as_u64();
    cluster
        .until("the container to be started again", cluster.wait, async || {
            let now = cluster.kubectl.get(&["pod", &pod.name]).await?;
            let is_back = restarts(&status(&now, deployment)) > restarts(&before) && is_ready(&now);
            Ok(is_back.then_some(()))
        })
        .await?;
    stage.log(format!("pod/{} is ready again", pod.name));
    Ok(())
}

/// Returns the status of the Deployment's container.
fn status(pod: &Value, deployment: &Deployment) -> Value {
    let statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    let mut statuses = statuses.filter(|status| status["name"] == deployment.container_name());
    statuses.next().cloned().unwrap_or_default()
}
