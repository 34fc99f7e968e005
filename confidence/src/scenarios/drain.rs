//! Every node that holds a pod is drained in turn.

use anyhow::Result;

use super::stage::{Description, Stage};

pub(super) const DESCRIPTION: Description = Description {
    happens: "Every node that holds a pod is drained in turn, by kubectl drain, and uncordoned. Only the Deployments' own pods \
              are evicted.",
    expected: "Evicted pods have their grace period. Disruption budgets make them leave one by one.",
    losses: "None, if a PodDisruptionBudget keeps a replica ready, or another node has one.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    for node in stage.cluster.nodes_with_pods() {
        stage.log(format!("draining {node}"));
        stage.cluster.drain(&node).await?;
        stage.log(format!("{node} is drained and uncordoned"));
    }
    Ok(())
}
