//! The application on the cluster that kubectl points at. `make deploy` and `make images VERSION=v2` come first.
//!
//! Needs a cluster: `cargo test --package e2e --features cluster`.
#![cfg(feature = "cluster")]

use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::browser::Browser;
use e2e::confidence::cluster::{App, Cluster};
use e2e::confidence::kubectl;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// There is one cluster, and one test at a time has it.
static CLUSTER: Mutex<()> = Mutex::const_new(());

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../k8s");
const LIMIT: Duration = Duration::from_secs(60);

fn confidence(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_confidence"));
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn said(output: &Output) -> String {
    let [told, table] = [&output.stderr, &output.stdout].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    told + &table
}

async fn of_the_backend(path: &str) -> Result<String> {
    kubectl::run(&[
        "get",
        "deployment",
        "k8s-demo-backend",
        "--output",
        &format!("jsonpath={{{path}}}"),
    ])
    .await
}

#[tokio::test]
async fn the_page_of_the_cluster_shows_which_pod_answered() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let cluster = Cluster::find().await?;
    let browser = Browser::start().await?;
    browser.open_page(&cluster.address(App::Frontend).await?).await?;
    browser.press("Ada Lovelace").await?;
    browser.press_enter().await?;
    for shown in ["Ada Lovelace", "k8s-demo-backend-", "v1"] {
        browser.until_shown(shown).await?;
    }
    assert_eq!(browser.devtools().errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_rollout_without_draining_loses_submissions_and_the_run_says_so() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    for (app, patch) in [
        (
            "backend",
            r#"{"env": [{"name": "DRAIN_TIME", "value": "0s"}], "name": "backend"}"#,
        ),
        ("frontend", r#"{"lifecycle": null, "name": "frontend"}"#),
    ] {
        let patch = format!(r#"{{"spec": {{"template": {{"spec": {{"containers": [{patch}]}}}}}}}}"#);
        kubectl::run(&["patch", "deployment", &format!("k8s-demo-{app}"), "--patch", &patch]).await?;
    }
    let arguments = ["--scenarios", "roll-both", "--duration", "1s", "--rate", "200"];
    let output = confidence(&arguments).output().await?;
    kubectl::run(&["apply", "--filename", MANIFESTS]).await?;
    Cluster::find().await?;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("submissions were lost"), "{}", said(&output));
    Ok(())
}

#[tokio::test]
async fn an_image_that_the_cluster_does_not_have_is_told_at_once_and_everything_is_put_back() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let output = confidence(&[
        "--scenarios",
        "roll-backend",
        "--duration",
        "1s",
        "--next",
        "no-such-tag",
    ])
    .output()
    .await?;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("make images VERSION=no-such-tag"),
        "{}",
        said(&output)
    );
    assert_eq!(
        of_the_backend(".spec.template.spec.containers[0].image").await?,
        "k8s-demo-backend:v1"
    );
    Ok(())
}

#[tokio::test]
async fn an_interrupted_run_puts_everything_back_and_shows_what_it_saw() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let run = confidence(&["--scenarios", "steady,scale", "--duration", "1s"]).spawn()?;
    let give_up = Instant::now() + LIMIT;
    while of_the_backend(".spec.replicas").await? != "5" {
        ensure!(Instant::now() < give_up, "the backend is never scaled to 5 replicas");
        sleep(Duration::from_millis(100)).await;
    }
    let pid = run
        .id()
        .and_then(|pid| Pid::from_raw(pid.cast_signed()))
        .context("it runs")?;
    kill_process(pid, Signal::INT)?;
    let output = run.wait_with_output().await?;
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("| nothing happens"), "{}", said(&output));
    assert_eq!(of_the_backend(".spec.replicas").await?, "2");
    Ok(())
}
