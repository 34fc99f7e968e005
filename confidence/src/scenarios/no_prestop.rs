//! Negative control: a rollout without `preStop`.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{
    no_drain::there_and_back,
    stage::{Description, Stage},
};
use crate::cluster::deployment::Deployment;

pub(super) const DESCRIPTION: Description = Description {
    happens: "A release without the preStop hooks is rolled out, and back.",
    expected: "Pods are sent SIGTERM at once, while Services still send to them.",
    losses: "Some requests must be lost, or connections closed without notice: this proves that a missing preStop is seen.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let has_hook = |target: &Deployment| !target.container()["lifecycle"]["preStop"].is_null();
    ensure!(
        stage.targets.iter().any(|target| has_hook(target)),
        "no Deployment has a preStop hook that could be removed"
    );
    there_and_back(stage, "no preStop", has_hook, |_, container| {
        if let Some(hooks) = container["lifecycle"].as_object_mut() {
            hooks.remove("preStop");
        }
        if container["lifecycle"]
            .as_object()
            .is_some_and(serde_json::Map::is_empty)
        {
            container["lifecycle"] = Value::Null;
        }
    })
    .await
}
