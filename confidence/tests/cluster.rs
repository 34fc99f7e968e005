//! The program on the cluster that kubectl points at. `make deploy` and `make images VERSION=v2` come first.
//!
//! Needs a cluster: `cargo test --package confidence --test cluster`.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use confidence::{
    cluster::{Cluster, kubectl::Kubectl},
    plan::Plan,
};
use tokio::{
    process::Command,
    sync::Mutex,
    time::{Instant, sleep},
};

/// There is one cluster, and one test at a time has it.
static CLUSTER: Mutex<()> = Mutex::const_new(());

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../k8s");
const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/k8s-demo.toml");
const LIMIT: Duration = Duration::from_secs(60);

fn program(plan: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-confidence"));
    command
        .args(["--plan", plan, "--yes"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn printed(output: &Output) -> String {
    [&output.stderr, &output.stdout]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

async fn kubectl(arguments: &[&str]) -> Result<String> {
    Kubectl::default().run(arguments).await
}

async fn of_the_backend(path: &str) -> Result<String> {
    let path = format!("jsonpath={{{path}}}");
    kubectl(&["get", "deployment", "k8s-demo-backend", "--output", &path]).await
}

/// Waits until all pods of the application are ready.
async fn until_ready() -> Result<()> {
    let plan = Plan::read(Path::new(PLAN))?;
    Cluster::find(Kubectl::default(), &plan.deployments, &plan.tool, plan.run.wait).await?;
    Ok(())
}

#[tokio::test]
async fn a_rollout_without_draining_loses_submissions_and_the_run_says_so() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let drain = r#"{"env": [{"name": "K8S_DEMO_DRAIN_TIME", "value": "0s"}], "name": "backend"}"#;
    let pre_stop = r#"{"lifecycle": null, "name": "frontend"}"#;
    for (app, patch) in [("backend", drain), ("frontend", pre_stop)] {
        let patch = format!(r#"{{"spec": {{"template": {{"spec": {{"containers": [{patch}]}}}}}}}}"#);
        kubectl(&["patch", "deployment", &format!("k8s-demo-{app}"), "--patch", &patch]).await?;
    }
    let arguments = ["--scenarios", "rollout-together", "--duration", "1s", "--rate", "200"];
    let output = program(PLAN, &arguments).output().await?;
    kubectl(&["apply", "--filename", MANIFESTS]).await?;
    until_ready().await?;
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    assert!(printed(&output).contains("requests were lost"), "{}", printed(&output));
    Ok(())
}

#[tokio::test]
async fn negative_controls_are_detected_and_explained() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let arguments = [
        "--scenarios",
        "no-drain,no-prestop,always-ready",
        "--duration",
        "1s",
        "--rate",
        "200",
    ];
    let output = program(PLAN, &arguments).output().await?;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let text = printed(&output);
    assert_eq!(
        text.matches("detected, as a negative control must be").count(),
        3,
        "{text}"
    );
    assert!(text.contains("while pods were terminating"), "{text}");
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
    let arguments = ["--scenarios", "kill", "--duration", "1s"];
    let output = program(PLAN, &arguments).output().await?;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(printed(&output).contains("is ready again"), "{}", printed(&output));
    assert_eq!(kubectl(&events).await?, before);
    Ok(())
}

#[tokio::test]
async fn an_image_that_the_cluster_does_not_have_is_reported_at_once_and_everything_is_restored() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let arguments = ["--scenarios", "rollout", "--duration", "1s", "--tag", "no-such-tag"];
    let output = program(PLAN, &arguments).output().await?;
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert!(
        printed(&output).contains("cannot get the image k8s-demo-backend:no-such-tag"),
        "{}",
        printed(&output)
    );
    assert_eq!(
        of_the_backend(".spec.template.spec.containers[0].image").await?,
        "k8s-demo-backend:v1"
    );
    Ok(())
}

#[tokio::test]
async fn an_interrupted_run_restores_everything_and_shows_what_it_saw() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let run = program(PLAN, &["--scenarios", "steady,scale", "--duration", "1s"]).spawn()?;
    let give_up = Instant::now() + LIMIT;
    while of_the_backend(".spec.replicas").await? != "5" {
        ensure!(Instant::now() < give_up, "the backend is never scaled to 5 replicas");
        sleep(Duration::from_millis(100)).await;
    }
    let pid = run.id().context("it runs")?.to_string();
    Command::new("kill").args(["-INT", &pid]).status().await?;
    let output = run.wait_with_output().await?;
    assert_eq!(output.status.code(), Some(130), "{}", printed(&output));
    assert!(printed(&output).contains("| steady"), "{}", printed(&output));
    assert_eq!(of_the_backend(".spec.replicas").await?, "2");
    Ok(())
}

/// Debian's nginx is there while the test runs. The test returns its failures, since nginx has to go after them too.
async fn with_nginx<T>(test: impl AsyncFnOnce() -> Result<T>) -> Result<T> {
    let manifest = example("nginx/nginx.yaml");
    let delete = [
        "delete",
        "--ignore-not-found",
        "--cascade=foreground",
        "--filename",
        &manifest,
    ];
    kubectl(&delete).await?; // what an interrupted test has left, and patched
    kubectl(&["apply", "--filename", &manifest]).await?;
    let outcome = async {
        // The program would wait too, and then try a Service that may have no endpoints yet. From this machine, that leaves
        // entries in connection tracking by which later connections are refused.
        kubectl(&["rollout", "status", "deployment", "debian-nginx"]).await?;
        test().await
    }
    .await;
    kubectl(&delete).await?;
    outcome
}

fn example(file: &str) -> String {
    format!("{}/examples/{file}", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test]
async fn debians_nginx_loses_requests_in_a_rollout_and_none_with_a_pre_stop_sleep() -> Result<()> {
    /// A part of each plan: all of it takes six minutes.
    const ARGUMENTS: [&str; 4] = ["--duration", "1s", "--scenarios", "rollout"];
    let _cluster = CLUSTER.lock().await;
    with_nginx(async || {
        let output = program(&example("nginx.toml"), &ARGUMENTS).output().await?;
        ensure!(output.status.code() == Some(1), "{}", printed(&output));
        for reason in ["requests were lost", "while pods were terminating", "no preStop"] {
            ensure!(printed(&output).contains(reason), "{reason}: {}", printed(&output));
        }
        let patch = example("nginx/prestop.yaml");
        kubectl(&["patch", "deployment", "debian-nginx", "--patch-file", &patch]).await?;
        kubectl(&["rollout", "status", "deployment", "debian-nginx"]).await?;
        let output = program(&example("nginx-prestop.toml"), &ARGUMENTS).output().await?;
        ensure!(output.status.code() == Some(0), "{}", printed(&output));
        Ok(())
    })
    .await
}
