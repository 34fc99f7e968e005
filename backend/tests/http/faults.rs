//! `POST /api/faults`: the faults that a replica injects into itself.

use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{server::Server, submit};

async fn inject(server: &Server, body: &Value) -> Response {
    let request = server.post("/api/faults", "application/json", body.to_string());
    request.send().await.unwrap()
}

/// Injects a fault into the pod that responds, and waits until it acts.
async fn injected(server: &mut Server, fault: &str, seconds: u32) {
    let body = json!({"pod": "pod-a", "fault": fault, "seconds": seconds});
    let response = inject(server, &body).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.json::<Value>().await.unwrap(), body);
    let line = server
        .log_line("a line that says what is injected", |line| {
            line["message"] == "injecting a fault"
        })
        .await;
    assert_eq!((&line["fault"], &line["seconds"]), (&json!(fault), &json!(seconds)));
}

async fn over(server: &mut Server, fault: &str) {
    server
        .log_line("a line that says that the fault is over", |line| {
            line["message"] == "the fault is over" && line["fault"] == fault
        })
        .await;
}

async fn status(server: &Server, path: &str) -> StatusCode {
    server.get(path).send().await.unwrap().status()
}

async fn submission_status(server: &Server) -> StatusCode {
    let request = submit(server, "application/json", r#"{"name": "Ada"}"#);
    request.send().await.unwrap().status()
}

async fn metric(server: &Server, name: &str) -> f64 {
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    let sample = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    sample.map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn faults_are_off_by_default() {
    let server = Server::start(&[]).await;
    let response = inject(&server, &json!({"pod": "pod-a", "fault": "crash", "seconds": 1})).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(submission_status(&server).await, StatusCode::OK);
    let description = server.get("/openapi.json").send().await.unwrap().text().await.unwrap();
    assert!(!description.contains(r#""/api/faults""#), "{description}");
}

#[tokio::test]
async fn a_crash_is_acknowledged_and_logged_before_the_process_exits() {
    let mut server = Server::start(&["--faults"]).await;
    injected(&mut server, "crash", 1).await;
    assert_eq!(server.ended().await.code(), Some(1));
}

#[tokio::test]
async fn a_replica_that_hangs_responds_to_neither_probes_nor_other_requests() {
    let mut server = Server::start(&["--faults"]).await;
    injected(&mut server, "hang", 30).await;
    assert_eq!(status(&server, "/healthz").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&server, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    for request in [
        submit(&server, "application/json", r#"{"name": "Ada"}"#),
        server.get("/api/replica"),
    ] {
        let response = request.timeout(Duration::from_millis(500)).send().await;
        assert!(response.unwrap_err().is_timeout());
    }
}

#[tokio::test]
async fn a_replica_that_is_not_ready_fails_readiness_until_it_is_over() {
    let mut server = Server::start(&["--faults"]).await;
    injected(&mut server, "not-ready", 1).await;
    assert_eq!(status(&server, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&server, "/healthz").await, StatusCode::OK);
    over(&mut server, "not-ready").await;
    assert_eq!(status(&server, "/readyz").await, StatusCode::OK);
}

#[tokio::test]
async fn of_two_faults_that_overlap_the_longer_one_counts() {
    let mut server = Server::start(&["--faults"]).await;
    injected(&mut server, "not-ready", 60).await;
    injected(&mut server, "not-ready", 1).await;
    over(&mut server, "not-ready").await;
    assert_eq!(status(&server, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_slow_replica_delays_submissions_but_no_probes() {
    let mut server = Server::start(&["--faults"]).await;
    injected(&mut server, "slow", 60).await;
    let start = Instant::now();
    assert_eq!(submission_status(&server).await, StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_millis(500));
}

#[tokio::test]
async fn a_failing_replica_responds_to_every_second_submission_with_500() {
    let mut server = Server::start(&["--faults"]).await;
    injected(&mut server, "fail", 60).await;
    for expected in [500, 200, 500, 200] {
        assert_eq!(submission_status(&server).await, expected);
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_leak_takes_memory_and_frees_it_when_it_is_over() {
    const MEMORY: &str = "process_resident_memory_bytes";
    let mut server = Server::start(&["--faults"]).await;
    let before = metric(&server, MEMORY).await;
    injected(&mut server, "leak", 5).await;
    // Five chunks of 8 MiB, which take half a second.
    while metric(&server, MEMORY).await < before + 40e6 {}
    over(&mut server, "leak").await;
    assert!(metric(&server, MEMORY).await < before + 40e6);
}

#[tokio::test]
async fn a_fault_for_another_pod_is_misdirected() {
    let server = Server::start(&["--faults"]).await;
    let response = inject(&server, &json!({"pod": "pod-b", "fault": "crash", "seconds": 1})).await;
    assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);
    let problem: Value = response.json().await.unwrap();
    let detail = "This is pod pod-a. Try again until the requested pod responds.";
    assert_eq!(problem["detail"], detail);
}

#[tokio::test]
async fn an_unknown_fault_a_wrong_duration_and_a_form_are_rejected() {
    let server = Server::start(&["--faults"]).await;
    for (fault, seconds, expected) in [
        ("explode", 1, 400),
        ("slow", 0, 422),
        ("slow", 301, 422),
        ("hang", 29, 422),
        ("leak", 4, 422),
    ] {
        let response = inject(&server, &json!({"pod": "pod-a", "fault": fault, "seconds": seconds})).await;
        assert_eq!(response.status(), expected, "{fault} for {seconds} s");
    }
    let form = server.post("/api/faults", "application/x-www-form-urlencoded", "pod=pod-a");
    assert_eq!(form.send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn injected_faults_are_counted() {
    const SLOW: &str = r#"backend_faults_total{fault="slow"}"#;
    let mut server = Server::start(&["--faults"]).await;
    assert_eq!(metric(&server, SLOW).await, 0.0);
    injected(&mut server, "slow", 1).await;
    assert_eq!(metric(&server, SLOW).await, 1.0);
}

#[tokio::test]
async fn a_response_says_when_the_process_started_and_whether_faults_are_enabled() {
    for (arguments, enabled) in [(&[][..], false), (&["--faults"][..], true)] {
        let server = Server::start(arguments).await;
        let response = submit(&server, "application/json", r#"{"name": "Ada"}"#);
        let response: Value = response.send().await.unwrap().json().await.unwrap();
        assert_eq!(response["faults"], enabled);
        // After 2020, in milliseconds.
        assert!(
            response["started_at"].as_u64().unwrap() > 1_577_836_800_000,
            "{response}"
        );
    }
}
