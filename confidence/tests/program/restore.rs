//! Everything is restored: after a scenario, after a signal, and by a person where the program cannot.

use std::{process::Output, time::Duration};

use tokio::process::Child;

use crate::{
    api::Api,
    command::{LIMIT, ended, printed, run_quick, start_run},
    server::{Reply, Server, good},
};

async fn server() -> Server {
    Server::start(|request| Reply::Send(good(request))).await
}

/// Waits until a change was asked for.
async fn until_changed(api: &Api, change: &str) {
    let changed = async {
        while !api.changes().contains(change) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, changed).await.expect(change);
}

async fn interrupt(child: Child, signal: &str) -> Output {
    let pid = child.id().unwrap().to_string();
    std::process::Command::new("kill")
        .args([signal, &pid])
        .status()
        .unwrap();
    ended(child).await
}

#[tokio::test]
async fn scaling_is_undone_after_the_scenario() {
    let (api, server) = (Api::start().await, server().await);
    let output = run_quick(&api, &server, &["--scenarios", "scale-to-one"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let changes = api.changes();
    assert!(changes.contains("\"value\":1}"), "{changes}");
    assert_eq!(api.replicas(), 2);
}

#[tokio::test]
async fn a_stateful_set_and_a_daemon_set_have_the_same_revisions_after_rollouts() {
    for kind in ["StatefulSet", "DaemonSet"] {
        let (api, server) = (Api::start_with(kind).await, server().await);
        let before = api.revisions();
        let output = run_quick(&api, &server, &["--scenarios", "rollout,restart,delete"]).await;
        let changes = api.changes();
        assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
        assert!(changes.contains("Next") && changes.contains("restartedAt"), "{changes}");
        assert_eq!(api.revisions(), before, "{changes}");
    }
}

#[tokio::test]
async fn what_a_daemon_set_does_not_have_is_skipped_with_the_reason() {
    let (api, server) = (Api::start_with("DaemonSet").await, server().await);
    let scenarios = ["--scenarios", "steady,scale,scale-to-one,broken-release,canary"];
    let output = run_quick(&api, &server, &scenarios).await;
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    for expected in [
        "replicas: one per node",
        "scale to 5, 1, 2: daemonset/shop has no number of replicas",
        "scale-to-one: daemonset/shop has no number of replicas",
        "broken-release: daemonset/shop is not a Deployment: its controller does not report",
        "canary: daemonset/shop is not a Deployment",
        "| steady",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(api.changes(), "");
}

#[tokio::test]
async fn an_interrupted_run_restores_everything_and_reports_what_it_saw() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (api, server) = (Api::start().await, server().await);
        let child = start_run(&api, &server, &["--scenarios", "scale-to-one"]);
        until_changed(&api, "\"value\":1}").await;
        let output = interrupt(child, signal).await;
        assert_eq!(output.status.code(), Some(code), "{}", printed(&output));
        assert!(printed(&output).contains("| scale-to-one"), "{}", printed(&output));
        assert_eq!(api.replicas(), 2, "{}", api.changes());
    }
}

#[tokio::test]
async fn a_change_that_the_api_server_makes_after_the_interruption_is_restored() {
    let (api, server) = (Api::start().await, server().await);
    let held = api.hold_changes().await;
    let child = start_run(&api, &server, &["--scenarios", "scale-to-one"]);
    until_changed(&api, "\"value\":1}").await;
    let mut interrupted = tokio::spawn(interrupt(child, "-INT"));
    let ended = tokio::time::timeout(Duration::from_secs(1), &mut interrupted).await;
    assert!(ended.is_err(), "it ends before the change was made");
    drop(held);
    let output = interrupted.await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", api.changes());
    assert_eq!(api.replicas(), 2, "{}", api.changes());
}

#[tokio::test]
async fn a_stateful_set_has_the_same_revisions_after_a_run_that_is_interrupted_in_a_rollout() {
    let (api, server) = (Api::start_with("StatefulSet").await, server().await);
    let before = api.revisions();
    api.get_stuck();
    let child = start_run(&api, &server, &["--scenarios", "rollout"]);
    until_changed(&api, "/spec/template").await;
    let output = interrupt(child, "-INT").await;
    assert_eq!(output.status.code(), Some(130), "{}", printed(&output));
    assert_eq!(api.revisions(), before, "{}", api.changes());
}

#[tokio::test]
async fn what_cannot_be_restored_is_printed_with_the_command_that_does() {
    let (api, server) = (Api::start().await, server().await);
    let child = start_run(
        &api,
        &server,
        &["--duration", "300ms", "--wait", "2s", "--scenarios", "scale-to-one"],
    );
    until_changed(&api, "\"value\":1}").await;
    api.break_down();
    let output = ended(child).await;
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let text = printed(&output);
    assert!(text.contains("These commands restore it:"), "{text}");
    assert!(
        text.contains("kubectl patch deployment/shop --type=json --patch '["),
        "{text}"
    );
}
