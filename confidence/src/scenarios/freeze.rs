//! The kubelet of a node stops for a while.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::sleep;

use super::stage::{Description, Stage};

pub(super) const DESCRIPTION: Description = Description {
    happens: "The kubelet of a node stands still for a while: a pod on the node sends it SIGSTOP, and later SIGCONT. Or by the \
              user's commands.",
    expected: "The pods of the node go on serving. After 40 to 50 s Kubernetes marks the node NotReady and stops sending to \
               them; then the other nodes serve.",
    losses: "None.",
};

/// Long enough for Kubernetes to mark the node NotReady.
const TIME: Duration = Duration::from_secs(60);

/// The time for a cluster of one node: Kubernetes would stop sending to all pods.
const TIME_ON_ONLY_NODE: Duration = Duration::from_secs(20);

/// Stops the kubelet of the node's own process namespace (a node may itself be a container on a larger one), after it has
/// reported that this pod runs. However the pod ends, the kubelet is started again.
const SCRIPT: &str = r#"
own=$(readlink /proc/self/ns/pid)
for process in /proc/[0-9]*; do
    if [ "$(cat "$process/comm" 2>/dev/null)" = kubelet ] && [ "$(readlink "$process/ns/pid")" = "$own" ]; then
        kubelet="$kubelet ${process#/proc/}"
    fi
done
[ -n "$kubelet" ] || { echo "this node has no process named kubelet: give --kubelet-stop and --kubelet-start"; exit 1; }
trap 'kill -CONT $kubelet' EXIT
trap 'exit 1' TERM INT
sleep 3
kill -STOP $kubelet
sleep "$SECONDS_TO_FREEZE" &
wait $!"#;

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let cluster = stage.cluster;
    let settings = &stage.settings.freeze;
    let nodes = cluster.nodes_with_pods();
    let node = nodes.last().context("no pod is on a node")?;
    let has_others = cluster.schedulable_nodes().await?.len() > 1;
    let default = if has_others { TIME } else { TIME_ON_ONLY_NODE };
    let time = settings.time.unwrap_or(default);
    if let (Some(stop), Some(start)) = (&settings.stop, &settings.start) {
        let [stop, start] = [stop, start].map(|command| command.replace("{node}", node));
        stage.log(format!(
            "stopping the kubelet of {node} for {} s: {stop}",
            time.as_secs()
        ));
        cluster.stop_node(&stop, &start).await?;
        sleep(time).await;
        cluster.start_node(&start).await?;
    } else {
        let seconds = time.as_secs().to_string();
        let freezer = cluster
            .run_on_node(node, SCRIPT, &[("SECONDS_TO_FREEZE", &seconds)])
            .await?;
        let freezer = freezer.started().await?;
        stage.log(format!("stopping the kubelet of {node} by SIGSTOP for {seconds} s"));
        sleep(time).await;
        freezer.finished().await?;
    }
    stage.log(format!("the kubelet of {node} runs again"));
    cluster
        .until("the node to be ready", cluster.wait, async || {
            Ok(cluster.is_node_ready(node).await?.then_some(()))
        })
        .await
}
