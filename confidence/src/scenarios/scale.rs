//! All Deployments are scaled up and down.

use anyhow::Result;

use super::stage::{Description, Stage};

pub(super) const DESCRIPTION: Description = Description {
    happens: "All Deployments are scaled up and down, and back.",
    expected: "New pods get requests once they are ready. Pods that are removed finish what they have accepted.",
    losses: "None.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    for &replicas in &stage.settings.scale.replicas {
        scale_to(stage, Some(u64::from(replicas))).await?;
    }
    scale_to(stage, None).await
}

/// Scales all targets, or restores their numbers of replicas.
pub(super) async fn scale_to(stage: &Stage<'_>, replicas: Option<u64>) -> Result<()> {
    for deployment in &stage.targets {
        let replicas = replicas.unwrap_or(deployment.replicas());
        stage.log(format!("scaling {} to {replicas}", deployment.reference()));
        deployment.scale(&stage.cluster.kubectl, replicas).await?;
    }
    stage.rolled_out().await
}
