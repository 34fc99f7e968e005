//! All Deployments are scaled to one replica and back.

use anyhow::Result;

use super::{
    scale,
    stage::{Description, Stage},
};

pub(super) const DESCRIPTION: Description = Description {
    happens: "All Deployments are scaled to one replica. When the others are gone, they are scaled back.",
    expected: "The last replica serves all requests.",
    losses: "None, if one replica can serve the whole rate.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    scale::scale_to(stage, Some(1)).await?;
    stage.cluster.settled().await?;
    stage.log("one replica each is left");
    scale::scale_to(stage, None).await
}
