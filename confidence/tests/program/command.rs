//! The program as a user runs it: exit codes, confirmation, reports, and restoring.

use std::{
    process::{Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{
    kubectl::Kubectl,
    server::{Reply, Server, good, response},
};

const LIMIT: Duration = Duration::from_secs(60);

fn start(kubectl: &Kubectl, arguments: &[&str]) -> Child {
    let folder = kubectl.folder();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    Command::new(env!("CARGO_BIN_EXE_kubectl-confidence"))
        .args(arguments)
        .env("PATH", path)
        .env("DIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn run(kubectl: &Kubectl, arguments: &[&str]) -> Output {
    let output = start(kubectl, arguments).wait_with_output();
    tokio::time::timeout(LIMIT, output)
        .await
        .expect("the program ends")
        .unwrap()
}

fn printed(output: &Output) -> String {
    [&output.stderr, &output.stdout]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

fn quick(server: &Server) -> Vec<String> {
    let url = format!("http://{}/", server.address);
    let arguments = [
        "--deployment",
        "shop",
        "--url",
        &url,
        "--yes",
        "--duration",
        "300ms",
        "--rate",
        "100",
    ];
    arguments.map(str::to_owned).to_vec()
}

async fn run_quick(kubectl: &Kubectl, server: &Server, more: &[&str]) -> Output {
    let quick = quick(server);
    let arguments: Vec<_> = quick.iter().map(String::as_str).chain(more.iter().copied()).collect();
    run(kubectl, &arguments).await
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
    let kubectl = Kubectl::new();
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let output = run_quick(&kubectl, &server, &["--scenarios", "steady"]).await;
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
    let output = run_quick(&kubectl, &losing, &["--scenarios", "steady"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    let text = printed(&output);
    for expected in ["requests were lost", "wrong status", "no readinessProbe", "no preStop"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test]
async fn a_run_starts_when_every_route_answers() {
    let kubectl = Kubectl::new();
    let server = Server::start(changes_after_requests(2, unavailable, good)).await;
    let output = run_quick(&kubectl, &server, &["--scenarios", "steady"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[tokio::test]
async fn a_route_that_does_not_answer_as_planned_ends_the_run_before_anything_is_changed() {
    let kubectl = Kubectl::new();
    let server = Server::start(|request| Reply::Send(unavailable(request))).await;
    let output = run_quick(&kubectl, &server, &["--wait", "1s", "--scenarios", "scale-to-one"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let url = format!("http://{}/", server.address);
    for expected in ["does not answer as planned", "wrong status", &url] {
        assert!(printed(&output).contains(expected), "{expected}: {}", printed(&output));
    }
    assert_eq!(kubectl.changes(), "");
}

#[tokio::test]
async fn without_a_terminal_nothing_is_changed_unless_the_user_says_yes() {
    let kubectl = Kubectl::new();
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let url = format!("http://{}/", server.address);
    let output = run(&kubectl, &["--deployment", "shop", "--url", &url]).await;
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
    assert!(printed(&output).contains("--yes"), "{}", printed(&output));
    assert_eq!(kubectl.changes(), "");
}

#[tokio::test]
async fn wrong_usage_ends_with_2_and_an_unreachable_cluster_with_3() {
    let kubectl = Kubectl::new();
    let server = Server::start(|request| Reply::Send(good(request))).await;
    for arguments in [
        &[][..],
        &["--plan", "no-such-file.toml"],
        &["--scenarios", "no-such-scenario"],
    ] {
        assert_eq!(run(&kubectl, arguments).await.status.code(), Some(2), "{arguments:?}");
    }
    kubectl.break_down();
    let output = run_quick(&kubectl, &server, &[]).await;
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert!(printed(&output).contains("the server is down"), "{}", printed(&output));
}

#[tokio::test]
async fn json_and_html_reports_are_written_to_files() {
    let kubectl = Kubectl::new();
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let html = kubectl.folder().join("report.html");
    let html_output = format!("html={}", html.display());
    let output = run_quick(
        &kubectl,
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
async fn scaling_is_undone_after_the_scenario() {
    let kubectl = Kubectl::new();
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let output = run_quick(&kubectl, &server, &["--scenarios", "scale-to-one"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let changes = kubectl.changes();
    let replicas: Vec<_> = changes
        .lines()
        .filter_map(|line| line.rsplit_once("--replicas="))
        .collect();
    assert_eq!(replicas.iter().map(|(_, count)| *count).collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn the_power_cut_of_a_node_without_pods_is_refused() {
    let kubectl = Kubectl::new();
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let node = [
        "--scenarios",
        "node",
        "--node",
        "node-2",
        "--node-down",
        "false",
        "--node-up",
        "false",
    ];
    let output = run_quick(&kubectl, &server, &node).await;
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let message = "node-2 holds no pod of the Deployments, so its power cut would prove nothing: choose node-1";
    assert!(printed(&output).contains(message), "{}", printed(&output));
}

#[tokio::test]
async fn a_rollout_that_exceeds_its_progress_deadline_is_given_the_rest_of_the_time() {
    let kubectl = Kubectl::new();
    kubectl.slow_down();
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let output = run_quick(&kubectl, &server, &["--scenarios", "scale-to-one"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(!kubectl.folder().join("slow").exists());
}

#[tokio::test]
async fn an_interrupted_run_restores_everything_and_reports_what_it_saw() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let kubectl = Kubectl::new();
        let server = Server::start(|request| Reply::Send(good(request))).await;
        let url = format!("http://{}/", server.address);
        let quick = [
            "--deployment",
            "shop",
            "--url",
            &url,
            "--yes",
            "--scenarios",
            "scale-to-one",
        ];
        let child = start(&kubectl, &quick);
        let scaled = async {
            while !kubectl.changes().contains("--replicas=1") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LIMIT, scaled).await.expect("it scales");
        let pid = child.id().unwrap().to_string();
        std::process::Command::new("kill")
            .args([signal, &pid])
            .status()
            .unwrap();
        let output = tokio::time::timeout(LIMIT, child.wait_with_output())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", printed(&output));
        assert!(printed(&output).contains("| scale-to-one"), "{}", printed(&output));
        let replicas = std::fs::read_to_string(kubectl.folder().join("replicas")).unwrap();
        assert_eq!(replicas.trim(), "2", "{}", kubectl.changes());
    }
}

#[tokio::test]
async fn what_cannot_be_restored_is_printed_with_the_command_that_does() {
    let kubectl = Kubectl::new();
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let mut arguments = quick(&server);
    arguments.extend(["--scenarios", "scale-to-one"].map(str::to_owned));
    let child = start(&kubectl, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let scaled = async {
        while !kubectl.changes().contains("--replicas=1") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, scaled).await.expect("it scales");
    kubectl.break_down();
    let output = tokio::time::timeout(LIMIT, child.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let text = printed(&output);
    assert!(text.contains("These commands restore it:"), "{text}");
    assert!(
        text.contains("kubectl patch deployment/shop --type=json --patch '["),
        "{text}"
    );
}
