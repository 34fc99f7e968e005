//! Nodes are drained, lose power, or their kubelet stops.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::time::sleep;

use super::{Context, ExpectedUntil};
use crate::cluster::{
    node::{is_control_plane, power_commands},
    pods::PodState,
};

/// How long Kubernetes may take to replace the pods of a dead node: 5 minutes of toleration, and some.
const REPLACEMENT_TIMEOUT: Duration = Duration::from_secs(480);

/// Services need a moment until all nodes know that a pod is no longer ready.
const PROPAGATION: Duration = Duration::from_secs(5);

/// How long a kubelet is stopped: long enough for Kubernetes to mark the node NotReady.
const FREEZE_TIME: Duration = Duration::from_secs(60);

/// The time for a cluster of one node: Kubernetes would stop sending to all pods.
const FREEZE_TIME_ON_ONLY_NODE: Duration = Duration::from_secs(20);

/// Stops the kubelet of the node's own process namespace (a node may itself be a container on a larger one), after it has
/// reported that this pod runs. However the pod ends, the kubelet is started again.
const FREEZE: &str = r#"
own=$(readlink /proc/self/ns/pid)
for process in /proc/[0-9]*; do
    if [ "$(cat "$process/comm" 2>/dev/null)" = kubelet ] && [ "$(readlink "$process/ns/pid")" = "$own" ]; then
        kubelet="$kubelet ${process#/proc/}"
    fi
done
[ -n "$kubelet" ] || { echo "this node has no process named kubelet: give stop and start in [scenario.freeze]"; exit 1; }
trap 'kill -CONT $kubelet' EXIT
trap 'exit 1' TERM INT
sleep 3
kill -STOP $kubelet
sleep "$SECONDS_TO_FREEZE" &
wait $!"#;

impl Context<'_> {
    /// Drains every node that holds a pod, in turn.
    pub(super) async fn drain_nodes(&self) -> Result<()> {
        for node in self.cluster.nodes_with_pods() {
            self.log(format!("draining {node}"));
            self.cluster.drain(&node).await?;
            self.log(format!("{node} is drained and uncordoned"));
        }
        Ok(())
    }

    /// Stops the kubelet of a node for a while.
    pub(super) async fn freeze_kubelet(&self) -> Result<()> {
        let cluster = self.cluster;
        let settings = &self.settings.freeze;
        let nodes = cluster.nodes_with_pods();
        let node = nodes.last().context("no pod is on a node")?;
        let has_others = cluster.schedulable_nodes().await?.len() > 1;
        let default = if has_others {
            FREEZE_TIME
        } else {
            FREEZE_TIME_ON_ONLY_NODE
        };
        let time = settings.time.unwrap_or(default);
        let seconds = time.as_secs().to_string();
        if let (Some(stop), Some(start)) = (&settings.stop, &settings.start) {
            let [stop, start] = [stop, start].map(|command| command.replace("{node}", node));
            self.log(format!("stopping the kubelet of {node} for {seconds} s: {stop}"));
            cluster.stop_node(&stop, &start).await?;
            sleep(time).await;
            cluster.start_node(&start).await?;
        } else {
            let freezer = cluster
                .run_on_node(node, FREEZE, &[("SECONDS_TO_FREEZE", &seconds)])
                .await?;
            let freezer = freezer.started().await?;
            self.log(format!("stopping the kubelet of {node} by SIGSTOP for {seconds} s"));
            sleep(time).await;
            freezer.finished().await?;
        }
        self.log(format!("the kubelet of {node} runs again"));
        cluster.until_node_is_ready(node, true).await
    }

    /// Cuts the power of a node, waits until its pods are replaced, and starts it again.
    pub(super) async fn cut_power(&self) -> Result<Vec<ExpectedUntil>> {
        let cluster = self.cluster;
        let node = self.choose_node().await?;
        let object = cluster.node_api().get(&node).await?;
        let settings = &self.settings.node;
        let commands = match (&settings.down, &settings.up) {
            (Some(down), Some(up)) => Some((down.clone(), up.clone())),
            _ => power_commands(&cluster.context, &object),
        };
        let (down, up) = commands.context("this kind of cluster is unknown: give down and up in [scenario.node]")?;
        let [down, up] = [down, up].map(|command| command.replace("{node}", &node));
        let pods = cluster.pods.current().into_iter();
        let dead: BTreeSet<_> = pods
            .filter(|pod| pod.node.as_ref() == Some(&node))
            .map(|pod| pod.uid)
            .collect();
        let routes = self.routes_through(&node).await?;

        let cut = cluster.log.elapsed();
        self.log(format!("cutting the power of {node}: {down}"));
        cluster.stop_node(&down, &up).await?;
        cluster.until_node_is_ready(&node, false).await?;
        let noticed = cluster.log.elapsed();
        let after = (noticed - cut).as_secs_f64();
        self.log(format!(
            "Kubernetes has marked {node} NotReady, {after:.1} s after the power cut"
        ));

        cluster
            .until_pods(
                "the pods of the dead node to be replaced",
                REPLACEMENT_TIMEOUT,
                |pods| {
                    cluster.workloads.iter().all(|workload| {
                        let reference = workload.reference();
                        let alive = pods.values().filter(|pod| {
                            pod.workload == reference && pod.state == PodState::Ready && !dead.contains(&pod.uid)
                        });
                        alive.count() as u64 >= workload.replicas().unwrap_or_default()
                    })
                },
            )
            .await?;
        let after = (cluster.log.elapsed() - cut).as_secs_f64();
        self.log(format!("the replacements are ready, {after:.1} s after the power cut"));

        self.log(format!("starting {node} again: {up}"));
        cluster.start_node(&up).await?;
        cluster.until_node_is_ready(&node, true).await?;
        self.log(format!("{node} is ready again"));
        let expected = |route| ExpectedUntil {
            route,
            until: noticed + PROPAGATION,
            reason: format!("sent to {node} before Kubernetes had noticed that it was dead"),
        };
        Ok(routes.into_iter().map(expected).collect())
    }

    /// Returns the plan's node, or one that holds a pod and is not part of the control plane.
    async fn choose_node(&self) -> Result<String> {
        let cluster = self.cluster;
        let has_others = cluster.schedulable_nodes().await?.len() > 1;
        ensure!(has_others, "a power cut needs a second node that takes over");
        let with_pods = cluster.nodes_with_pods();
        if let Some(node) = &self.settings.node.name {
            ensure!(
                with_pods.contains(node),
                "{node} holds no pod of the workloads, so its power cut would show nothing: choose {}",
                with_pods.join(" or ")
            );
            return Ok(node.clone());
        }
        for node in with_pods {
            if !is_control_plane(&cluster.node_api().get(&node).await?) {
                return Ok(node);
            }
        }
        bail!("all pods are on nodes of the control plane: name another one in [scenario.node]")
    }

    /// Returns the names of the routes whose first hop may be on the node. Where the plan names no Service, any may be.
    async fn routes_through(&self, node: &str) -> Result<Vec<String>> {
        let mut routes = Vec::new();
        for route in self.routes {
            let is_through = match &route.service {
                Some(service) => self
                    .cluster
                    .nodes_behind(service)
                    .await?
                    .iter()
                    .any(|behind| behind == node),
                None => true,
            };
            if is_through {
                routes.push(route.name.as_ref().clone());
            }
        }
        Ok(routes)
    }
}
