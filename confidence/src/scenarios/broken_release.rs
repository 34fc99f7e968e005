//! A release that never becomes ready is rolled out.

use anyhow::Result;
use serde_json::json;

use super::{
    stage::{Description, Stage},
    stuck,
};

pub(super) const DESCRIPTION: Description = Description {
    happens: "A release that never becomes ready is rolled out: its readiness probe asks a port on which nothing listens. \
              It is undone when Kubernetes reports that the rollout is stuck.",
    expected: "No old pod leaves before a new one is ready, except for what maxUnavailable allows.",
    losses: "None.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    stuck::play(stage, "a readiness probe that fails", |_, container| {
        container["readinessProbe"] = json!({"tcpSocket": {"port": 1}, "periodSeconds": 1});
    })
    .await
}
