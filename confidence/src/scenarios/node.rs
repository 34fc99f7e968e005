//! A node loses power.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use super::stage::{Description, ExpectedUntil, Stage};
use crate::cluster::{node::power_commands, pods::PodState};

pub(super) const DESCRIPTION: Description = Description {
    happens: "A node that holds a pod loses power, by a command of the user. When its pods are replaced, it is started again.",
    expected: "Kubernetes marks the node NotReady after 40 to 50 s and stops sending to its pods. It replaces them after their \
               toleration of an unreachable node, 5 minutes by default.",
    losses: "Until the node is NotReady, what is sent to its pods is lost. Where a route's first hop is on another node, a \
             proxy there may send it to another pod.",
};

/// How long Kubernetes may take to replace the pods of a dead node: 5 minutes of toleration, and some.
const REPLACEMENT_TIMEOUT: Duration = Duration::from_secs(480);

/// Services need a moment until all nodes know that a pod is no longer ready.
const PROPAGATION: Duration = Duration::from_secs(5);

pub(super) async fn play(stage: &Stage<'_>) -> Result<Vec<ExpectedUntil>> {
    let cluster = stage.cluster;
    let node = choose(stage).await?;
    let object = cluster.kubectl.get(&["node", &node]).await?;
    let settings = &stage.settings.node;
    let commands = match (&settings.down, &settings.up) {
        (Some(down), Some(up)) => Some((down.clone(), up.clone())),
        _ => power_commands(&cluster.context, &object),
    };
    let (down, up) = commands.context("this kind of cluster is unknown: give --node-down and --node-up")?;
    let [down, up] = [down, up].map(|command| command.replace("{node}", &node));
    let dead_pods: BTreeSet<_> = pods_on(stage, &node);
    let routes = routes_through(stage, &node).await?;

    let cut = cluster.log.elapsed();
    stage.log(format!("cutting the power of {node}: {down}"));
    cluster.stop_node(&down, &up).await?;
    cluster
        .until("Kubernetes to mark the node NotReady", cluster.wait, async || {
            Ok((!cluster.is_node_ready(&node).await?).then_some(()))
        })
        .await?;
    let noticed = cluster.log.elapsed();
    let after = (noticed - cut).as_secs_f64();
    stage.log(format!(
        "Kubernetes has marked {node} NotReady, {after:.1} s after the power cut"
    ));

    cluster
        .until(
            "the pods of the dead node to be replaced",
            REPLACEMENT_TIMEOUT,
            async || {
                let pods = cluster.pods.current();
                let is_replaced = cluster.deployments.iter().all(|deployment| {
                    let ready = pods.iter().filter(|pod| {
                        pod.deployment == deployment.name
                            && pod.state == PodState::Ready
                            && !dead_pods.contains(&pod.name)
                    });
                    ready.count() as u64 >= deployment.replicas()
                });
                Ok(is_replaced.then_some(()))
            },
        )
        .await?;
    let after = (cluster.log.elapsed() - cut).as_secs_f64();
    stage.log(format!("the replacements are ready, {after:.1} s after the power cut"));

    stage.log(format!("starting {node} again: {up}"));
    cluster.start_node(&up).await?;
    cluster
        .until("the node to be ready", cluster.wait, async || {
            Ok(cluster.is_node_ready(&node).await?.then_some(()))
        })
        .await?;
    stage.log(format!("{node} is ready again"));
    Ok(routes
        .into_iter()
        .map(|route| ExpectedUntil {
            route,
            until: noticed + PROPAGATION,
            reason: format!("sent to {node} before Kubernetes had noticed that it was dead"),
        })
        .collect())
}

/// Returns the plan's node, or one that holds a pod and is not part of the control plane.
async fn choose(stage: &Stage<'_>) -> Result<String> {
    let cluster = stage.cluster;
    ensure!(
        cluster.schedulable_nodes().await?.len() > 1,
        "a power cut needs a second node that takes over"
    );
    let with_pods = cluster.nodes_with_pods();
    if let Some(node) = &stage.settings.node.name {
        ensure!(
            with_pods.contains(node),
            "{node} holds no pod of the Deployments, so its power cut would prove nothing: choose {}",
            with_pods.join(" or ")
        );
        return Ok(node.clone());
    }
    for node in with_pods {
        if !cluster.is_control_plane(&node).await? {
            return Ok(node);
        }
    }
    bail!("all pods are on nodes of the control plane: name another one by --node")
}

fn pods_on(stage: &Stage<'_>, node: &str) -> BTreeSet<String> {
    let pods = stage.cluster.pods.current().into_iter();
    pods.filter(|pod| pod.node.as_deref() == Some(node))
        .map(|pod| pod.name)
        .collect()
}

/// Returns the names of the routes whose first hop may be on the node. Where the plan names no Service, any may be.
async fn routes_through(stage: &Stage<'_>, node: &str) -> Result<Vec<String>> {
    let mut routes = Vec::new();
    for route in stage.routes {
        let is_through = match &route.service {
            Some(service) => stage
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
