//! Which pod gets a submission, and what happens when one fails.

use std::{collections::BTreeMap, time::Instant};

use anyhow::Result;
use api::{Problem, Replica, SubmissionResponse};
use reqwest::{Client, StatusCode, header};

use crate::{
    stage::{Stage, within},
    submission, values,
};

/// An address of documentation (RFC 5737), which is silent like that of a pod that is gone.
const SILENT: &str = "192.0.2.1:8000";

/// For how long nginx avoids an address that failed, in seconds.
const FAIL_TIMEOUT: u64 = 10;

/// Sends submissions one after another, of which none may fail, and returns how many were retried.
async fn submit(stage: &Stage, url: &str, count: usize) -> Result<usize> {
    let mut retried = 0;
    for number in 0..count {
        let response = submission(&stage.http, url).send().await?;
        assert_eq!(response.status(), StatusCode::OK, "submission {number}");
        retried += values(&response, "x-retried").len();
    }
    Ok(retried)
}

#[tokio::test]
async fn nginx_starts_without_a_backend_and_finds_it_whenever_its_address_changes() -> Result<()> {
    let stage = Stage::new("away").await?;
    let url = stage.frontend(&[]).await?.url;
    for _ in 0..2 {
        let response = stage
            .until(StatusCode::BAD_GATEWAY, |http| submission(http, &url))
            .await?;
        assert_eq!(values(&response, header::CONTENT_TYPE.as_str()), [Problem::MEDIA_TYPE]);
        assert_eq!(values(&response, "x-request-id"), ["test-1"]);
        let problem: Problem = response.json().await?;
        assert_eq!((problem.status, problem.title.as_str()), (502, "Bad Gateway"));

        let backend = stage.backend().await?; // with another address every time
        let response = stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
        assert_eq!(values(&response, "x-request-id"), ["test-1"]);
        let response: SubmissionResponse = response.json().await?;
        assert!(response.message.contains("Ada") && response.version == "v1");
        backend.kill().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_pod_that_is_not_ready_is_described_and_gets_no_submission() -> Result<()> {
    let stage = Stage::new("unready").await?;
    stage.backend().await?;
    stage.backend_not_ready().await?;
    let url = stage.frontend(&[]).await?.url;
    stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
    let describe = |http: &Client| http.get(format!("{url}{}", api::path::REPLICA));
    let mut ready = BTreeMap::new();
    within("both pods describe themselves", async {
        while ready.len() < 2 {
            let response = stage.until(StatusCode::OK, describe).await?;
            let replica: Replica = response.json().await?;
            ready.insert(replica.pod, replica.ready);
        }
        Ok(())
    })
    .await?;
    assert_eq!(ready.values().filter(|ready| **ready).count(), 1, "{ready:?}");
    for _ in 0..20 {
        let response: SubmissionResponse = submission(&stage.http, &url).send().await?.json().await?;
        assert!(ready[&response.pod]);
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_to_the_backend_is_for_a_burst() -> Result<()> {
    let (stage, backend, frontend) = Stage::serving("burst").await?;
    let mut requests = 0;
    within("some connections are kept, and some end", async {
        // A Service chooses a pod for each: with one connection, it would always be the same pod.
        let mut connections = 0;
        while !(4..requests).contains(&connections) {
            submit(&stage, &frontend.url, 100).await?;
            requests += 100;
            // A connection that has ended is known to the side that closed it.
            connections = frontend.connections(8000).await? + backend.connections(8000).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn nothing_is_lost_when_a_backend_pod_is_killed() -> Result<()> {
    let stage = Stage::new("killed").await?;
    let (first, _second) = (stage.backend().await?, stage.backend().await?);
    let url = stage.frontend(&[]).await?.url;
    stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
    let started = Instant::now();
    let (killed, retried) = tokio::join!(first.kill(), submit(&stage, &url, 200));
    killed?;
    // One that was in flight, and one whenever nginx tries the pod again.
    let retried = retried? + submit(&stage, &url, 100).await?;
    let allowed = 2 + started.elapsed().as_secs() / FAIL_TIMEOUT;
    assert!(
        retried as u64 <= allowed,
        "{retried} were sent to the killed pod, not {allowed}"
    );
    Ok(())
}

#[tokio::test]
async fn dns_that_names_a_dead_pod_costs_nothing() -> Result<()> {
    let stage = Stage::new("stale").await?;
    stage.backend().await?;
    let stale = format!("--env=BACKEND_PODS={SILENT}");
    let url = stage.frontend(&[&stale]).await?.url;
    stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
    assert_eq!(submit(&stage, &url, 100).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_service_that_leads_to_a_dead_pod_costs_time_but_no_submission() -> Result<()> {
    let stage = Stage::new("black-hole").await?;
    stage.backend().await?;
    let dead = format!("--env=BACKEND_SERVICE={SILENT}");
    let url = stage.frontend(&[&dead]).await?.url;
    stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
    let started = Instant::now();
    let retried = submit(&stage, &url, 100).await?;
    let allowed = 1 + started.elapsed().as_secs() / FAIL_TIMEOUT;
    assert!(retried as u64 <= allowed, "{retried} were retried, not {allowed}");
    Ok(())
}

#[tokio::test]
async fn stale_names_and_a_service_that_leads_to_dead_pods_four_times_in_five_cost_no_submission() -> Result<()> {
    let stage = Stage::new("mostly-dead").await?;
    let address = stage.backend().await?.address().await?;
    // It closes a connection without a response, unless its number ends in 0 or 5.
    let mostly_dead = format!(
        "location = /healthz {{ return 200; }} \
         location / {{ if ($connection !~ [05]$) {{ return 444; }} proxy_pass http://{address}:8000; }}"
    );
    let service = stage.nginx(&mostly_dead, 8000, &[]).await?.address().await?;
    let service = format!("--env=BACKEND_SERVICE={service}:8000");
    let stale = format!("--env=BACKEND_PODS={SILENT}");
    let url = stage.frontend(&[&service, &stale]).await?.url;
    submit(&stage, &url, 30).await?;
    Ok(())
}

#[tokio::test]
async fn when_all_pods_are_slow_a_submission_waits_and_they_are_used_at_once_when_they_respond() -> Result<()> {
    let stage = Stage::new("back").await?;
    let backend = stage.backend().await?;
    let address = backend.address().await?;
    let [service, pods] = ["SERVICE", "PODS"].map(|name| format!("--env=BACKEND_{name}={address}:8000"));
    let frontend = stage.frontend(&[&service, &pods]).await?;
    let url = &frontend.url;
    submit(&stage, url, 1).await?;
    backend.docker(&["pause"]).await?;
    let slow = tokio::spawn(submission(&stage.http, url).send());
    // It has tried every address, and waits.
    within("nginx marks every address as failed", async {
        while frontend.errors().await?.matches("temporarily disabled").count() < 2 {}
        Ok(())
    })
    .await?;
    backend.docker(&["unpause"]).await?;
    assert_eq!(slow.await??.status(), StatusCode::OK);
    submit(&stage, url, 10).await?;
    Ok(())
}
