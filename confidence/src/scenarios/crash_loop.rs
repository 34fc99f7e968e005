//! A release that crashes at start is rolled out.

use anyhow::Result;
use serde_json::json;

use super::{
    stage::{Description, Stage},
    stuck,
};
use crate::cluster::deployment;

pub(super) const DESCRIPTION: Description = Description {
    happens: "A release that crashes at start is rolled out: with the plan's change, or with a command that does not exist. \
              It is undone when Kubernetes reports that the rollout is stuck.",
    expected: "The new pod is restarted again and again, with growing delays. The old pods stay.",
    losses: "None.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let changes = &stage.settings.crash_loop;
    stuck::play(stage, "a process that crashes", |target, container| {
        match changes.iter().find(|(name, _)| *name.as_ref() == target.name) {
            Some((_, change)) => deployment::apply(change, container),
            None => container["command"] = json!(["/no-such-program"]),
        }
    })
    .await
}
