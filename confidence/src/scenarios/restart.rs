//! `kubectl rollout restart`.

use anyhow::Result;

use super::stage::{Description, Stage};

pub(super) const DESCRIPTION: Description = Description {
    happens: "kubectl rollout restart, and back to the pod template as it was.",
    expected: "As in a rollout.",
    losses: "None.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let kubectl = &stage.cluster.kubectl;
    for deployment in &stage.targets {
        stage.log(format!("restarting {}", deployment.reference()));
        kubectl.run(&["rollout", "restart", &deployment.reference()]).await?;
    }
    stage.rolled_out().await?;
    stage.log("restarted; restoring the pod templates");
    for deployment in &stage.targets {
        deployment.roll_back(kubectl).await?;
    }
    stage.rolled_out().await
}
