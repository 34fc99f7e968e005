//! Deployments are rolled out and back.

use anyhow::Result;

use super::stage::{Description, Stage};

pub(super) const DESCRIPTION: Description = Description {
    happens: "The Deployment is rolled out to the next image, and back.",
    expected: "New pods get requests once they are ready. Old pods finish what they have accepted, and go on accepting until \
               no Service sends to them.",
    losses: "None.",
};

/// Rolls out `times` times, every other time back.
pub(super) async fn play(stage: &Stage<'_>, times: u32) -> Result<()> {
    let kubectl = &stage.cluster.kubectl;
    for time in 0..times {
        for deployment in &stage.targets {
            let image = match time % 2 {
                0 => deployment.next_image(),
                _ => deployment.image(),
            };
            stage.log(format!("rolling out {image} in {}", deployment.reference()));
            match time % 2 {
                0 => deployment.roll_out_next(kubectl).await?,
                _ => deployment.roll_back(kubectl).await?,
            }
        }
        stage.rolled_out().await?;
    }
    stage.log("rolled out and back");
    Ok(())
}
