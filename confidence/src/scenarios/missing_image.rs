//! A release whose image does not exist is rolled out.

use anyhow::Result;
use serde_json::json;

use super::{
    stage::{Description, Stage},
    stuck,
};
use crate::cluster::deployment::with_tag;

/// A tag that nobody uses. The repository is the Deployment's own: no stranger's image is pulled.
const NO_SUCH_TAG: &str = "kubectl-confidence-no-such-tag";

pub(super) const DESCRIPTION: Description = Description {
    happens: "A release whose image does not exist is rolled out. It is undone when Kubernetes reports that the rollout is \
              stuck.",
    expected: "The new pod waits for its image. The old pods stay.",
    losses: "None.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    stuck::play(stage, "an image that does not exist", |target, container| {
        container["image"] = json!(with_tag(target.image(), NO_SUCH_TAG));
    })
    .await
}
