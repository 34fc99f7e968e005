//! The lines that nginx logs.

use std::time::{Duration, Instant};

use anyhow::Result;
use reqwest::StatusCode;
use serde_json::Value;

use crate::{container::within, front_door::request, network::Network};

#[tokio::test]
async fn a_log_line_has_the_backends_fields_and_nothing_that_the_client_wrote() -> Result<()> {
    let (_network, backend, frontend) = Network::serving("log").await?;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let headers = format!("host: a\r\nx-request-id: log-1\r\ntraceparent: 00-{trace_id}-00f067aa0ba902b7-01\r\n");
    frontend.send(&request("1.1", &headers)).await?;
    let raw = b"GET /api/\xff\xfe\"\\?\xff HTTP/1.1\r\nhost: a\r\nuser-agent: \xff\xfe\r\nreferer: \xff\r\n\
        x-request-id: \xff\r\ntraceparent: \xff\r\nconnection: close\r\n\r\n";
    frontend.send(raw).await?;
    frontend.send(b"G\xffT /api/\xff HTTP/1.1\r\nhost: a\r\n\r\n").await?;

    let is_ours = |line: &&Value| line["request_id"] == "log-1";
    let lines = frontend.requests_in_log(4).await?;
    let backends = backend.requests_in_log(2).await?;
    let (line, backends) = (
        lines.iter().find(is_ours).unwrap(),
        backends.iter().find(is_ours).unwrap(),
    );
    for field in [
        "level",
        "message",
        "method",
        "route",
        "status",
        "request_id",
        "trace_id",
    ] {
        assert_eq!(line[field], backends[field], "{field}");
    }
    assert_eq!(line["trace_id"], trace_id);
    assert_eq!(line["attempts"], 1);
    assert_eq!(line["upstream"], format!("{}:8000", backend.address().await?));
    assert!(line["latency_us"].is_u64());
    let timestamp = line["timestamp"].as_str().unwrap();
    assert_eq!(timestamp.len(), "2026-11-25T02:46:11.018Z".len(), "{timestamp}");

    let last = &lines[lines.len() - 2..];
    assert_eq!(
        (&last[0]["method"], &last[0]["route"]),
        (&"GET".into(), &"unmatched".into())
    );
    assert_eq!(
        (&last[1]["method"], &last[1]["route"]),
        (&"OTHER".into(), &"unmatched".into())
    );
    assert!(last.iter().all(|line| line["status"] == 400));
    Ok(())
}

#[tokio::test]
async fn no_log_line_is_lost_when_the_pod_ends() -> Result<()> {
    let network = Network::new("last-lines").await?;
    let frontend = network.frontend(&[]).await?;
    let count = 2_000;
    for _ in 0..count {
        let response = network.http.get(format!("{}/robots.txt", frontend.url)).send().await?;
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!(frontend.stop().await?, "0");
    assert_eq!(frontend.log().await?.len(), count);
    Ok(())
}

#[tokio::test]
async fn a_pod_without_a_backend_logs_at_most_five_errors_a_second() -> Result<()> {
    let network = Network::new("quiet").await?;
    let started = Instant::now();
    let frontend = network.frontend(&[]).await?;
    let errors = async || anyhow::Ok(frontend.errors().await?.lines().count());
    within("forty errors", async {
        while errors().await? < 40 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    })
    .await?;
    let count = errors().await?;
    let seconds = started.elapsed().as_secs_f64();
    // Every three seconds, and at the start, one for each of the fourteen servers that nginx cannot resolve.
    assert!(count as f64 <= 5.0 * seconds + 14.0, "{count} errors in {seconds:.1} s");
    Ok(())
}
