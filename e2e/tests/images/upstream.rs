//! Which pod gets a submission, and what happens when one fails.

use std::{collections::BTreeMap, time::Instant};

use anyhow::Result;
use api::{Problem, Replica, SubmissionResponse};
use reqwest::{Client, StatusCode, header};

use crate::{container::within, network::Network, submission, values};

/// An address of documentation (RFC 5737), which is silent like that of a pod that is gone.
const SILENT: &str = "192.0.2.1:8000";

/// For how long nginx avoids an address that failed, in seconds.
const FAIL_TIMEOUT: u64 = 10;

/// Sends submissions one after another, of which none may fail, and returns how many were retried.
async fn submit(network: &Network, url: &str, count: usize) -> Result<usize> {
    let mut retried = 0;
    for number in 0..count {
        let response = submission(&network.http, url).send().await?;
        assert_eq!(response.status(), StatusCode::OK, "submission {number}");
        retried += values(&response, "x-retried").len();
    }
    Ok(retried)
}

#[tokio::test]
async fn nginx_starts_without_a_backend_and_finds_it_whenever_its_address_changes() -> Result<()> {
    let network = Network::new("away").await?;
    let url = network.frontend(&[]).await?.url;
    for _ in 0..2 {
        let response = network
            .until(StatusCode::BAD_GATEWAY, |http| submission(http, &url))
            .await?;
        assert_eq!(values(&response, header::CONTENT_TYPE.as_str()), [Problem::MEDIA_TYPE]);
        assert_eq!(values(&response, "x-request-id"), ["test-1"]);
        let problem: Problem = response.json().await?;
        assert_eq!((problem.status, problem.title.as_str()), (502, "Bad Gateway"));

        let backend = network.backend().await?; // with another address every time
        let response = network.until(StatusCode::OK, |http| submission(http, &url)).await?;
        assert_eq!(values(&response, "x-request-id"), ["test-1"]);
        let response: SubmissionResponse = response.json().await?;
        assert!(response.message.contains("Ada") && response.version == "v1");
        backend.kill().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_pod_that_is_not_ready_is_described_and_gets_no_submission() -> Result<()> {
    let network = Network::new("unready").await?;
    network.backend().await?;
    network.backend_not_ready().await?;
    let url = network.frontend(&[]).await?.url;
    network.until(StatusCode::OK, |http| submission(http, &url)).await?;
    let describe = |http: &Client| http.get(format!("{url}{}", api::path::REPLICA));
    let mut ready = BTreeMap::new();
    within("both pods describe themselves", async {
        while ready.len() < 2 {
            let response = network.until(StatusCode::OK, describe).await?;
            let replica: Replica = response.json().await?;
            ready.insert(replica.pod, replica.ready);
        }
        Ok(())
    })
    .await?;
    assert_eq!(ready.values().filter(|ready| **ready).count(), 1, "{ready:?}");
    for _ in 0..20 {
        let response: SubmissionResponse = submission(&network.http, &url).send().await?.json().await?;
        assert!(ready[&response.pod]);
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_to_the_backend_is_for_a_burst() -> Result<()> {
    let (network, backend, frontend) = Network::serving("burst").await?;
    let mut requests = 0;
    within("some connections are kept, and some end", async {
        // A Service chooses a pod for each: with one connection, it would always be the same pod.
        let mut connections = 0;
        while !(4..requests).contains(&connections) {
            submit(&network, &frontend.url, 100).await?;
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
    let network = Network::new("killed").await?;
    let (first, _second) = (network.backend().await?, network.backend().await?);
    let url = network.frontend(&[]).await?.url;
    network.until(StatusCode::OK, |http| submission(http, &url)).await?;
    let started = Instant::now();
    let (killed, retried) = tokio::join!(first.kill(), submit(&network, &url, 200));
    killed?;
    // One that was in flight, and one whenever nginx tries the pod again.
    let retried = retried? + submit(&network, &url, 100).await?;
    let allowed = 2 + started.elapsed().as_secs() / FAIL_TIMEOUT;
    assert!(
        retried as u64 <= allowed,
        "{retried} were sent to the killed pod, not {allowed}"
    );
    Ok(())
}

#[tokio::test]
async fn dns_that_names_a_dead_pod_costs_nothing() -> Result<()> {
    let network = Network::new("stale").await?;
    network.backend().await?;
    let stale = format!("--env=BACKEND_PODS={SILENT}");
    let url = network.frontend(&[&stale]).await?.url;
    network.until(StatusCode::OK, |http| submission(http, &url)).await?;
    assert_eq!(submit(&network, &url, 100).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_service_that_leads_to_a_dead_pod_costs_time_but_no_submission() -> Result<()> {
    let network = Network::new("black-hole").await?;
    network.backend().await?;
    let dead = format!("--env=BACKEND_SERVICE={SILENT}");
    let url = network.frontend(&[&dead]).await?.url;
    network.until(StatusCode::OK, |http| submission(http, &url)).await?;
    let started = Instant::now();
    let retried = submit(&network, &url, 100).await?;
    let allowed = 1 + started.elapsed().as_secs() / FAIL_TIMEOUT;
    assert!(retried as u64 <= allowed, "{retried} were retried, not {allowed}");
    Ok(())
}

#[tokio::test]
async fn stale_names_and_a_service_that_leads_to_dead_pods_four_times_in_five_cost_no_submission() -> Result<()> {
    let network = Network::new("mostly-dead").await?;
    let address = network.backend().await?.address().await?;
    // It closes a connection without a response, unless its number ends in 0 or 5.
    let mostly_dead = format!(
        "location = /healthz {{ return 200; }} \
         location / {{ if ($connection !~ [05]$) {{ return 444; }} proxy_pass http://{address}:8000; }}"
    );
    let service = network.nginx(&mostly_dead, 8000, &[]).await?.address().await?;
    let service = format!("--env=BACKEND_SERVICE={service}:8000");
    let stale = format!("--env=BACKEND_PODS={SILENT}");
    let url = network.frontend(&[&service, &stale]).await?.url;
    submit(&network, &url, 30).await?;
    Ok(())
}

#[tokio::test]
async fn when_all_pods_are_slow_a_submission_waits_and_they_are_used_at_once_when_they_respond() -> Result<()> {
    let network = Network::new("back").await?;
    let backend = network.backend().await?;
    let address = backend.address().await?;
    let [service, pods] = ["SERVICE", "PODS"].map(|name| format!("--env=BACKEND_{name}={address}:8000"));
    let frontend = network.frontend(&[&service, &pods]).await?;
    let url = &frontend.url;
    submit(&network, url, 1).await?;
    backend.docker(&["pause"]).await?;
    let slow = tokio::spawn(submission(&network.http, url).send());
    // It has tried every address, and waits.
    within("nginx marks every address as failed", async {
        while frontend.errors().await?.matches("temporarily disabled").count() < 2 {}
        Ok(())
    })
    .await?;
    backend.docker(&["unpause"]).await?;
    assert_eq!(slow.await??.status(), StatusCode::OK);
    submit(&network, url, 10).await?;
    Ok(())
}
