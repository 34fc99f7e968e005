//! Negative control: a broken release with a readiness probe that always succeeds.

use anyhow::{Result, ensure};

use super::{
    no_drain::{deployment_change, find, there_and_back},
    stage::{Description, Stage},
};

pub(super) const DESCRIPTION: Description = Description {
    happens: "The plan's change breaks the release, and its probes are removed: Kubernetes takes it for ready. It is rolled \
              out, and back.",
    expected: "The broken release replaces the working one.",
    losses: "Nearly all requests must be lost meanwhile: this proves what a readiness probe is for.",
};

pub(super) async fn play(stage: &Stage<'_>) -> Result<()> {
    let changes = &stage.settings.always_ready;
    ensure!(
        !changes.is_empty(),
        "the plan has no [scenario.always-ready.DEPLOYMENT] that says how the release is broken"
    );
    let change = deployment_change(changes);
    there_and_back(
        stage,
        "a fault and no probes",
        |target| find(changes, target),
        |target, container| {
            change(target, container);
            if let Some(container) = container.as_object_mut() {
                for probe in ["readinessProbe", "startupProbe", "livenessProbe"] {
                    container.remove(probe);
                }
            }
        },
    )
    .await
}
