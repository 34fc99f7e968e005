//! All Deployments are rolled out and back at the same time.

use anyhow::Result;

use super::{
    rollout,
    stage::{Description, Stage},
};

pub(super) const DESCRIPTION: Description = Description {
    happens: "All Deployments are rolled out to the next image at the same time, and back.",
    expected: "As in a rollout of one. A new pod of one Deployment works with old pods of another.",
    losses: "None.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    rollout::play(stage, 2).await
}
