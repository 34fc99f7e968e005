//! All Deployments are rolled out and back, many times in a row.

use anyhow::Result;

use super::{
    rollout,
    stage::{Description, Stage},
};

pub(super) const DESCRIPTION: Description = Description {
    happens: "All Deployments are rolled out and back, many times in a row. The next rollout starts while pods of the last one \
              terminate.",
    expected: "As in a rollout of one. A loss that happens once in several rollouts shows here.",
    losses: "None.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    rollout::play(stage, stage.settings.rollouts.count).await
}
