//! Waiting for the cluster: asked again and again, with a limit.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

use super::cluster::{App, PODS, items};
use super::kubectl;

/// How long the cluster may take for one thing before we call it stuck.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until the Deployments are as they were last told to be.
pub(super) async fn rolled_out(apps: &[App]) -> Result<()> {
    let timeout = format!("--timeout={}s", PATIENCE.as_secs());
    for app in apps {
        kubectl::run(&["rollout", "status", &app.deployment(), &timeout]).await?;
    }
    Ok(())
}

/// Waits until a pod cannot start because its image is not to be had.
pub(super) async fn missing_image() -> Result<String> {
    until("an image", async || {
        let pods = kubectl::get(&["pods", "--selector", PODS]).await?;
        let mut containers = items(&pods)
            .flat_map(|pod| pod["status"]["containerStatuses"].as_array())
            .flatten();
        let missing = containers.find(|container| {
            let reason = container["state"]["waiting"]["reason"].as_str();
            ["ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff"]
                .map(Some)
                .contains(&reason)
        });
        Ok(missing
            .and_then(|container| container["image"].as_str())
            .map(str::to_owned))
    })
    .await
}

/// Asks again until there is something.
pub(super) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if Instant::now() > give_up {
            bail!("gave up waiting for {what} after {} s", PATIENCE.as_secs());
        }
        sleep(Duration::from_millis(500)).await;
    }
}
