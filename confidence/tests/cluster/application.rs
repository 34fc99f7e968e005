//! Scenarios on this application.

use tokio::time::{Instant, sleep};

use super::*;

const BACKEND: &str = "deployment/k8s-demo-backend";

/// `kubectl rollout undo` must not lead to a release of this program.
#[tokio::test]
async fn negative_controls_are_detected_and_explained_and_leave_the_history_as_it_was() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let history = ["rollout", "history", BACKEND];
    let before = kubectl(&history).await?;
    let scenarios = ["--scenarios", "no-drain,no-prestop,always-ready"];
    let text = run(PLAN, &scenarios, 0, &["while pods were terminating"]).await?;
    let detected = text.matches("detected, as a negative control must be").count();
    ensure!(detected == 3, "{text}");
    ensure!(kubectl(&history).await? == before, "the history was {before}");
    ensure!(field(BACKEND, ".spec.revisionHistoryLimit").await? == "10");
    Ok(())
}

/// A pod that gets another sandbox gets another network: what is sent to its old address is lost for minutes.
#[tokio::test]
async fn a_killed_process_leaves_its_pod_the_sandbox() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let events = [
        "get",
        "events",
        "--field-selector=reason=SandboxChanged",
        "--output=name",
    ];
    let before = kubectl(&events).await?;
    run(PLAN, &["--scenarios", "kill"], 0, &["is ready again"]).await?;
    ensure!(kubectl(&events).await? == before);
    Ok(())
}

#[tokio::test]
async fn an_image_that_the_cluster_does_not_have_is_reported_at_once_and_everything_is_restored() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let arguments = ["--scenarios", "rollout", "--tag", "no-such-tag"];
    run(
        PLAN,
        &arguments,
        3,
        &["cannot get the image k8s-demo-backend:no-such-tag"],
    )
    .await?;
    let image = field(BACKEND, ".spec.template.spec.containers[0].image").await?;
    ensure!(image == "k8s-demo-backend:v1", "{image}");
    Ok(())
}

#[tokio::test]
async fn an_interrupted_run_restores_everything_and_shows_what_it_saw() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let run = program(PLAN, &["--scenarios", "steady,scale"]).spawn()?;
    let give_up = Instant::now() + RUN_TIMEOUT;
    while field(BACKEND, ".spec.replicas").await? != "5" {
        ensure!(Instant::now() < give_up, "the backend is never scaled to 5 replicas");
        sleep(Duration::from_millis(100)).await;
    }
    let pid = run.id().context("it runs")?.to_string();
    Command::new("kill").args(["-INT", &pid]).status().await?;
    let output = timeout(RUN_TIMEOUT, run.wait_with_output()).await??;
    ensure!(output.status.code() == Some(130), "{}", printed(&output));
    ensure!(printed(&output).contains("| steady"), "{}", printed(&output));
    ensure!(field(BACKEND, ".spec.replicas").await? == "2");
    Ok(())
}

#[tokio::test]
async fn a_canary_and_blue_green_lose_nothing() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    run(PLAN, &["--scenarios", "canary,blue-green"], 0, &[]).await?;
    let selector = field("service/k8s-demo-backend-service", ".spec.selector").await?;
    ensure!(!selector.contains("hash") && !selector.contains("track"), "{selector}");
    Ok(())
}
