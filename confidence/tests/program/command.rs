//! The program as a user runs it: exit codes, confirmation, and reports.

use std::{
    process::{Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{
    api::Api,
    server::{Reply, Server, good, response},
};

pub const LIMIT: Duration = Duration::from_secs(60);

fn start(api: &Api, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kubectl-confidence"))
        .args(arguments)
        .env("KUBECONFIG", api.folder().join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn run(api: &Api, arguments: &[&str]) -> Output {
    ended(start(api, arguments)).await
}

pub fn printed(output: &Output) -> String {
    [&output.stderr, &output.stdout]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

/// Starts a run on the workload of the API.
pub fn start_run(api: &Api, server: &Server, more: &[&str]) -> Child {
    let (workload, url) = (api.workload(), format!("http://{}/", server.address));
    let all = ["--deployment", &workload, "--url", &url, "--yes", "--rate", "100"];
    start(api, &[&all, more].concat())
}

/// Waits until the program has ended.
pub async fn ended(child: Child) -> Output {
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
    output.expect("the program ends").unwrap()
}

pub async fn run_quick(api: &Api, server: &Server, more: &[&str]) -> Output {
    ended(start_run(api, server, &[&["--duration", "300ms"], more].concat())).await
}

fn unavailable(_: &str) -> String {
    response("503 Service Unavailable", "", "")
}

/// Replies in one way to so many requests, and in another one to all later ones.
fn changes_after_requests(
    number: usize,
    before: fn(&str) -> String,
    after: fn(&str) -> String,
) -> impl Fn(&str) -> Reply {
    let seen = AtomicUsize::new(0);
    move |request| {
        let is_before = seen.fetch_add(1, Ordering::SeqCst) < number;
        Reply::Send(if is_before { before(request) } else { after(request) })
    }
}

#[tokio::test]
async fn a_run_that_loses_nothing_ends_with_0_and_one_that_loses_with_1() {
    let api = Api::start().await;
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let output = run_quick(&api, &server, &["--scenarios", "steady"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let text = printed(&output);
    for expected in [
        "context:     fake",
        "namespace:   shops",
        "| steady",
        "2 on node-1",
        "None of",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let losing = Server::start(changes_after_requests(1, good, unavailable)).await;
    let output = run_quick(&api, &losing, &["--scenarios", "steady"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    let text = printed(&output);
    for expected in [
        "requests were lost",
        "wrong status",
        "has no readinessProbe",
        "no preStop",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test]
async fn a_run_starts_when_every_route_responds() {
    let api = Api::start().await;
    let server = Server::start(changes_after_requests(2, unavailable, good)).await;
    let output = run_quick(&api, &server, &["--scenarios", "steady"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[tokio::test]
async fn a_route_that_does_not_respond_as_planned_ends_the_run_before_anything_is_changed() {
    let api = Api::start().await;
    let server = Server::start(|request| Reply::Send(unavailable(request))).await;
    let output = run_quick(&api, &server, &["--wait", "1s", "--scenarios", "scale-to-one"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let url = format!("http://{}/", server.address);
    for expected in ["does not respond as planned", "wrong status", &url] {
        assert!(printed(&output).contains(expected), "{expected}: {}", printed(&output));
    }
    assert_eq!(api.changes(), "");
}

#[tokio::test]
async fn without_a_terminal_nothing_is_changed_unless_the_user_says_yes() {
    let api = Api::start().await;
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let url = format!("http://{}/", server.address);
    let output = run(&api, &["--deployment", "shop", "--url", &url]).await;
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
    assert!(printed(&output).contains("--yes"), "{}", printed(&output));
    assert_eq!(api.changes(), "");
}

#[tokio::test]
async fn wrong_usage_ends_with_2_and_an_unreachable_cluster_with_3() {
    let api = Api::start().await;
    let server = Server::start(|request| Reply::Send(good(request))).await;
    for arguments in [
        &[][..],
        &["--plan", "no-such-file.toml"],
        &["--scenarios", "no-such-scenario"],
    ] {
        assert_eq!(run(&api, arguments).await.status.code(), Some(2), "{arguments:?}");
    }
    api.break_down();
    let output = run_quick(&api, &server, &[]).await;
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert!(printed(&output).contains("the server is down"), "{}", printed(&output));
}

#[tokio::test]
async fn json_and_html_reports_are_written_to_files() {
    let api = Api::start().await;
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let html = api.folder().join("report.html");
    let html_output = format!("html={}", html.display());
    let output = run_quick(
        &api,
        &server,
        &["--scenarios", "steady", "-o", "json", "-o", &html_output],
    )
    .await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"], "passed");
    assert_eq!(report["scenarios"][0]["routes"][0]["lost"], 0);
    assert!(report["scenarios"][0]["routes"][0]["timeline"][0]["latency_ms"]["p99"].is_number());
    let page = std::fs::read_to_string(html).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    for foreign in ["http://www", "https://", "src="] {
        assert!(!page.contains(foreign), "the page loads {foreign}");
    }
}

#[tokio::test]
async fn the_power_cut_of_a_node_without_pods_is_refused() {
    let api = Api::start().await;
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let plan = api.folder().join("plan.toml");
    let text = format!(
        "[[deployment]]\nname = \"shop\"\n[[route]]\nname = \"r\"\nurl = \"http://{}\"\n\
         [scenario.node]\nname = \"node-2\"\ndown = \"false\"\nup = \"false\"\n",
        server.address
    );
    std::fs::write(&plan, text).unwrap();
    let plan = plan.display().to_string();
    let output = run(
        &api,
        &["--plan", &plan, "--yes", "--duration", "300ms", "--scenarios", "node"],
    )
    .await;
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let message = "node-2 holds no pod of the workloads, so its power cut would show nothing: choose node-1";
    assert!(printed(&output).contains(message), "{}", printed(&output));
}
