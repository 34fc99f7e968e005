//! Pods are deleted, or the processes in them killed.

use anyhow::{Context as _, Result, ensure};
use kube::api::DeleteParams;

use super::Context;
use crate::cluster::{
    pods::{PodState, statuses},
    workload::Workload,
};

/// Kills all processes of the container, and none of the pod's sandbox: that would take the pod's network away, and leave the
/// node's connection tracking with entries for an address that no longer exists.
///
/// A container's processes have its id in the name of their control group. Where the runtime hides it, they have the
/// pod's host name, and the sandbox's process is named `pause`.
const KILL: &str = r#"
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

impl Context<'_> {
    /// Deletes a pod of each target in turn, and waits until it is replaced.
    pub(super) async fn delete_pods(&self) -> Result<()> {
        let cluster = self.cluster;
        for workload in &self.targets {
            let pod = self.some_ready_pod(workload)?;
            self.log(format!("deleting pod/{}", pod.name));
            cluster.pod_api().delete(&pod.name, &DeleteParams::default()).await?;
            cluster.wait_until_stable().await?;
            self.log(format!("pod/{} is replaced", pod.name));
        }
        Ok(())
    }

    /// Kills the processes of a pod of each target that the plan chooses, and waits until they are started again.
    pub(super) async fn kill_processes(&self) -> Result<()> {
        let chosen = &self.settings.kill.deployments;
        let is_chosen = |workload: &Workload| {
            let mut names = chosen.iter().map(|name| name.as_ref());
            chosen.is_empty() || names.any(|name| *name == workload.name || *name == workload.reference())
        };
        for workload in self.targets.iter().filter(|workload| is_chosen(workload)) {
            self.kill(workload).await?;
        }
        Ok(())
    }

    async fn kill(&self, workload: &Workload) -> Result<()> {
        let cluster = self.cluster;
        let pod = self.some_ready_pod(workload)?;
        let node = pod.node.as_deref().context("a ready pod is on a node")?;
        let object = cluster.pod_api().get(&pod.name).await?;
        let mut statuses = statuses(&object).filter(|status| status.name == workload.container().name);
        let id = statuses
            .find_map(|status| status.container_id.as_deref())
            .unwrap_or_default();
        let id = id.rsplit_once("://").map_or(id, |(_runtime, id)| id);
        ensure!(!id.is_empty(), "pod/{} has no running container", pod.name);
        self.log(format!("killing the processes of pod/{} on {node}", pod.name));
        let killer = cluster
            .run_on_node(node, KILL, &[("CONTAINER_ID", id), ("POD", &pod.name)])
            .await?;
        killer
            .finished()
            .await
            .with_context(|| format!("pod/{} could not be killed", pod.name))?;
        cluster
            .until_pods("the container to be started again", cluster.wait, |pods| {
                let now = pods.get(&pod.name);
                now.is_some_and(|now| now.restarts > pod.restarts && now.state == PodState::Ready)
            })
            .await?;
        self.log(format!("pod/{} is ready again", pod.name));
        Ok(())
    }
}
