//! Negative control: a rollout without a drain.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::stage::{Description, Stage};
use crate::{
    cluster::{deployment, deployment::Deployment},
    plan::scenario_settings::Changes,
};

pub(super) const DESCRIPTION: Description = Description {
    happens: "The plan's change switches the drain off. That release is rolled out, and back.",
    expected: "Pods close connections and stop listening as soon as they are asked to end, while Services still send to them.",
    losses: "Some requests must be lost, or connections closed without notice: this proves that a missing drain is seen.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let changes = &stage.settings.no_drain;
    ensure!(
        !changes.is_empty(),
        "the plan has no [scenario.no-drain.DEPLOYMENT] that says how the drain is switched off"
    );
    there_and_back(
        stage,
        "no drain",
        |target| find(changes, target),
        deployment_change(changes),
    )
    .await
}

/// Returns whether the plan changes this Deployment.
pub(super) fn find(changes: &Changes, target: &Deployment) -> bool {
    changes.keys().any(|name| *name.as_ref() == target.name)
}

/// Returns the function that applies the plan's change.
pub(super) fn deployment_change(changes: &Changes) -> impl Fn(&Deployment, &mut Value) {
    |target, container| {
        if let Some((_, change)) = changes.iter().find(|(name, _)| *name.as_ref() == target.name) {
            deployment::apply(change, container);
        }
    }
}

/// Rolls out a changed release in the chosen targets, and back.
pub(super) async fn there_and_back(
    stage: &Stage<'_>,
    release: &str,
    is_chosen: impl Fn(&Deployment) -> bool,
    change: impl Fn(&Deployment, &mut Value),
) -> Result<()> {
    let cluster = stage.cluster;
    let chosen: Vec<_> = stage
        .targets
        .iter()
        .copied()
        .filter(|target| is_chosen(target))
        .collect();
    for target in &chosen {
        stage.log(format!(
            "rolling out a release with {release} in {}",
            target.reference()
        ));
        target
            .roll_out_changed(&cluster.kubectl, release, |container| change(target, container))
            .await?;
    }
    cluster.rolled_out(&chosen).await?;
    cluster.settled().await?;
    for target in &chosen {
        stage.log(format!("restoring {}", target.reference()));
        target.roll_back(&cluster.kubectl).await?;
    }
    cluster.rolled_out(&chosen).await
}
