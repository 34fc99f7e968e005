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
    cluster::{Access, Cluster},
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
    let output = Command::new("kubectl")
        .args(arguments)
        .output()
        .await
        .context("cannot start kubectl")?;
    ensure!(output.status.success(), "kubectl {arguments:?}: {}", printed(&output));
    Ok(String::from_utf8(output.stdout)?)
}

async fn of_the_backend(path: &str) -> Result<String> {
    let path = format!("jsonpath={{{path}}}");
    kubectl(&["get", "deployment", "k8s-demo-backend", "--output", &path]).await
}

/// Waits until all pods of the application are ready.
async fn until_ready() -> Result<()> {
    let plan = Plan::read(Path::new(PLAN))?;
    Cluster::find(&Access::default(), &plan).await?;
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
    let arguments = ["--scenarios", "rollout-together", "--duration", "1s"];
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
    let arguments = ["--scenarios", "no-drain,no-prestop,always-ready", "--duration", "1s"];
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

/// `kubectl rollout undo` must not lead to a release of this program.
#[tokio::test]
async fn the_history_of_rollouts_is_the_same_before_and_after() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let history = ["rollout", "history", "deployment/k8s-demo-backend"];
    let before = kubectl(&history).await?;
    let scenarios = ["--scenarios", "rollout,always-ready", "--duration", "1s"];
    let output = program(PLAN, &scenarios).output().await?;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert_eq!(kubectl(&history).await?, before);
    assert_eq!(of_the_backend(".spec.revisionHistoryLimit").await?, "10");
    Ok(())
}

#[tokio::test]
async fn a_canary_and_blue_green_lose_nothing() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let scenarios = ["--scenarios", "canary,blue-green", "--duration", "1s"];
    let output = program(PLAN, &scenarios).output().await?;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let selector = kubectl(&[
        "get",
        "service",
        "k8s-demo-backend-service",
        "--output=jsonpath={.spec.selector}",
    ])
    .await?;
    assert!(!selector.contains("hash") && !selector.contains("track"), "{selector}");
    Ok(())
}

/// Names and start times of all pods of a namespace.
async fn pods_of(namespace: &str) -> Result<String> {
    let fields = "jsonpath={range .items[*]}{.metadata.name} {.status.startTime}{end}";
    kubectl(&["get", "pods", "--namespace", namespace, "--output", fields]).await
}

#[tokio::test]
async fn a_drain_evicts_no_pod_of_another_namespace_with_the_same_labels() -> Result<()> {
    const NEIGHBOUR: &str = "confidence-neighbour";
    let _cluster = CLUSTER.lock().await;
    kubectl(&["create", "namespace", NEIGHBOUR]).await?;
    let outcome = async {
        let manifest = format!("{MANIFESTS}/backend.deployment.yaml");
        kubectl(&["apply", "--namespace", NEIGHBOUR, "--filename", &manifest]).await?;
        kubectl(&[
            "rollout",
            "status",
            "--namespace",
            NEIGHBOUR,
            "deployment",
            "k8s-demo-backend",
        ])
        .await?;
        let before = pods_of(NEIGHBOUR).await?;
        let output = program(PLAN, &["--scenarios", "drain", "--duration", "1s"])
            .output()
            .await?;
        ensure!(output.status.code() == Some(0), "{}", printed(&output));
        let after = pods_of(NEIGHBOUR).await?;
        ensure!(before == after, "{before} became {after}");
        Ok(())
    }
    .await;
    kubectl(&["delete", "namespace", NEIGHBOUR]).await?;
    outcome
}

/// Runs scenarios as a service account with the role `edit`.
#[tokio::test]
async fn with_the_role_edit_what_needs_more_is_skipped_and_the_rest_is_run() -> Result<()> {
    const USER: &str = "confidence-edit";
    let _cluster = CLUSTER.lock().await;
    kubectl(&["create", "serviceaccount", USER]).await?;
    let outcome = async {
        let account = format!("--serviceaccount=default:{USER}");
        kubectl(&["create", "rolebinding", USER, "--clusterrole=edit", &account]).await?;
        let user = format!("system:serviceaccount:default:{USER}");
        let scenarios = [
            "--as",
            &user,
            "--scenarios",
            "steady,delete,kill,drain",
            "--duration",
            "1s",
        ];
        let output = program(PLAN, &scenarios).output().await?;
        let text = printed(&output);
        for expected in [
            "kill: you may not create namespaces",
            "drain: you may not list nodes",
            "| delete",
            "None of",
        ] {
            ensure!(text.contains(expected), "{expected}: {text}");
        }
        ensure!(output.status.code() == Some(3), "{text}");
        Ok(())
    }
    .await;
    kubectl(&["delete", "serviceaccount", USER]).await?;
    kubectl(&["delete", "rolebinding", "--ignore-not-found", USER]).await?;
    outcome
}
