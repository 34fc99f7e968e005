//! A pod of each Deployment is deleted.

use anyhow::{Context, Result};

use super::stage::{Description, Stage};
use crate::cluster::{
    deployment::Deployment,
    pods::{Pod, PodState},
};

pub(super) const DESCRIPTION: Description = Description {
    happens: "A pod of each Deployment in turn is deleted.",
    expected: "The pod is sent SIGTERM and has its grace period. Kubernetes starts another one at the same time.",
    losses: "None, unless there is only one replica.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    for deployment in &stage.targets {
        let pod = some_ready_pod(stage, deployment)?.name;
        stage.log(format!("deleting pod/{pod}"));
        stage
            .cluster
            .kubectl
            .run(&["delete", "pod", &pod, "--wait=false"])
            .await?;
        let is_gone = |pods: &std::collections::BTreeMap<String, Pod>| !pods.contains_key(&pod);
        stage.cluster.until_pods("the deleted pod to be gone", is_gone).await?;
        stage.cluster.settled().await?;
        stage.log(format!("pod/{pod} is replaced"));
    }
    Ok(())
}

/// Returns a ready pod of a Deployment.
pub(super) fn some_ready_pod(stage: &Stage<'_>, deployment: &Deployment) -> Result<Pod> {
    let mut pods = stage.cluster.pods.current().into_iter();
    pods.find(|pod| pod.deployment == deployment.name && pod.state == PodState::Ready)
        .with_context(|| format!("no pod of {} is ready", deployment.reference()))
}
