//! How nginx proxies `/api/`: which pod responds, and what a client gets that sends something unusual.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Result;
use api::{Problem, Replica, SubmissionResponse};
use reqwest::{Client, StatusCode, header};
use serde_json::Value;

use crate::{
    stage::{Stage, within},
    submission, values,
};

/// A complete request with a body that is a valid submission.
fn request(version: &str, headers: &str) -> Vec<u8> {
    let body = r#"{"name": "Ada"}"#;
    format!(
        "POST /api/submissions HTTP/{version}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn is_submission_response(response: &str) -> bool {
    // In the version of the request.
    response.starts_with("HTTP/1.") && response[8..].starts_with(" 200 ") && response.contains("Hello, Ada!")
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
        let answer: SubmissionResponse = response.json().await?;
        assert!(answer.message.contains("Ada") && answer.version == "v1");
        backend.kill().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_traceparent_header_is_proxied_in_both_directions() -> Result<()> {
    let stage = Stage::new("trace").await?;
    stage.backend().await?;
    let url = stage.frontend(&[]).await?.url;
    let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = |http: &Client| submission(http, &url).header("traceparent", caller);
    let response = stage.until(StatusCode::OK, traced).await?;
    let [answered] = values(&response, "traceparent")[..] else {
        panic!("one traceparent rather than {:?}", response.headers());
    };
    assert!(
        answered.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "{answered}"
    );
    assert_ne!(answered, caller, "the backend's own span");
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
        let answer: SubmissionResponse = submission(&stage.http, &url).send().await?.json().await?;
        assert!(ready[&answer.pod]);
    }
    Ok(())
}

#[tokio::test]
async fn submissions_are_balanced_over_the_pods_in_turn() -> Result<()> {
    let stage = Stage::new("balance").await?;
    stage.backend().await?;
    let url = stage.frontend(&[]).await?.url;
    stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
    stage.backend().await?;
    // The new pod gets its share within 10 seconds: nginx asks DNS every two.
    let mut last_pods = Vec::new();
    within("another pod responds", async {
        while last_pods.first() == last_pods.last() {
            let response = stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
            last_pods.push(response.json::<SubmissionResponse>().await?.pod);
            if last_pods.len() > 2 {
                last_pods.remove(0);
            }
        }
        Ok(())
    })
    .await?;
    let mut shares = BTreeMap::new();
    for _ in 0..100 {
        let response = submission(&stage.http, &url).send().await?;
        *shares
            .entry(response.json::<SubmissionResponse>().await?.pod)
            .or_insert(0) += 1;
    }
    assert_eq!(shares.into_values().collect::<Vec<_>>(), [50, 50]);
    Ok(())
}

#[tokio::test]
async fn connections_to_the_backend_are_kept_alive() -> Result<()> {
    let stage = Stage::new("kept").await?;
    let backend = stage.backend().await?;
    let frontend = stage.frontend(&[]).await?;
    let url = &frontend.url;
    stage.until(StatusCode::OK, |http| submission(http, url)).await?;
    let requests = 100;
    for _ in 0..requests {
        assert_eq!(submission(&stage.http, url).send().await?.status(), StatusCode::OK);
    }
    // A connection that has ended is known to the side that closed it.
    let connections = frontend.connections(8000).await? + backend.connections(8000).await?;
    assert!(connections < 10, "{connections} connections for {requests} submissions");
    Ok(())
}

#[tokio::test]
async fn nothing_is_lost_when_a_backend_pod_is_killed() -> Result<()> {
    let stage = Stage::new("killed").await?;
    let (first, _second) = (stage.backend().await?, stage.backend().await?);
    let frontend = stage.frontend(&[]).await?;
    let url = &frontend.url;
    stage.until(StatusCode::OK, |http| submission(http, url)).await?;
    let submit = async |count: usize| -> Result<usize> {
        let mut retried = 0;
        for number in 0..count {
            let response = submission(&stage.http, url).send().await?;
            retried += values(&response, "x-retried").len();
            assert_eq!(response.status(), StatusCode::OK, "submission {number}");
        }
        Ok(retried)
    };
    assert_eq!(submit(10).await?, 0);
    let started = Instant::now();
    let (killed, retried) = tokio::join!(first.kill(), submit(200));
    killed?;
    // One that was in flight, and one in five seconds: otherwise, nginx avoids the pod.
    let retried = retried? + submit(100).await?;
    let allowed = 2 + started.elapsed().as_secs() / 5;
    assert!(
        retried as u64 <= allowed,
        "{retried} were sent to the killed pod, not {allowed}"
    );
    Ok(())
}

#[tokio::test]
async fn the_service_is_the_backup_while_dns_knows_no_pod() -> Result<()> {
    let stage = Stage::new("backup").await?;
    let backend = stage.backend_missing_in_dns().await?;
    let frontend = stage.frontend(&[]).await?;
    let response = stage
        .until(StatusCode::OK, |http| submission(http, &frontend.url))
        .await?;
    assert!(response.json::<SubmissionResponse>().await?.message.contains("Ada"));
    let lines = frontend.requests_in_log(1).await?;
    let upstream = format!("{}:8000", backend.address().await?);
    assert_eq!(lines.last().unwrap()["upstream"], upstream);
    Ok(())
}

#[tokio::test]
async fn a_dead_pod_that_dns_still_names_costs_time_but_no_submission() -> Result<()> {
    let stage = Stage::new("stale").await?;
    stage.backend_missing_in_dns().await?;
    // An address of documentation (RFC 5737): nothing ever answers there.
    let frontend = stage.frontend(&["--env=BACKEND_PODS=192.0.2.1:8000"]).await?;
    stage
        .until(StatusCode::OK, |http| submission(http, &frontend.url))
        .await?;
    // From here on, nginx avoids the dead pod, except for one submission in five seconds.
    let started = Instant::now();
    let mut retried = 0;
    for number in 0..100 {
        let response = submission(&stage.http, &frontend.url).send().await?;
        assert_eq!(response.status(), StatusCode::OK, "submission {number}");
        retried += values(&response, "x-retried").len();
    }
    let allowed = 2 + started.elapsed().as_secs() / 5;
    assert!(
        retried as u64 <= allowed,
        "{retried} were sent to the dead pod first, not {allowed}"
    );
    Ok(())
}

#[tokio::test]
async fn nginx_limits_requests_as_the_backend_does_and_rejects_them_with_problem_documents() -> Result<()> {
    let stage = Stage::new("problems").await?;
    stage.backend().await?;
    let frontend = stage.frontend(&[]).await?;
    stage
        .until(StatusCode::OK, |http| submission(http, &frontend.url))
        .await?;
    let long = |length| "x".repeat(length);
    let head = |line: &str, headers: &str| format!("{line}\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    for (request, status) in [
        ("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_owned(), 400),
        ("\r\n\r\n \r\n\r\n".to_owned(), 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
        (
            "GET /api/submissions HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(),
            400,
        ),
        (head("GET /api/%zz HTTP/1.1", ""), 400),
        (head("GET /api/../../etc/passwd HTTP/1.1", ""), 400),
        (head("GET /api/submissions HTTP/1.1", "no header\r\n"), 400),
        (
            head(
                "POST /api/submissions HTTP/1.1",
                "transfer-encoding: chunked\r\ncontent-length: 3\r\n",
            ),
            400,
        ),
        (head("GET /api HTTP/1.1", ""), 404),
        (head("GET /api/no-such-path HTTP/1.1", ""), 404),
        (head("GET /api/submissions HTTP/1.1", ""), 405),
        (head("TRACE /api/submissions HTTP/1.1", ""), 405),
        (
            head("POST /api/submissions HTTP/1.1", "content-length: 4097\r\n") + &long(4097),
            413,
        ),
        (head(&format!("GET /api/{} HTTP/1.1", long(25_000)), ""), 414),
        (head("POST /api/submissions HTTP/1.1", "content-length: 0\r\n"), 415),
        (
            head(
                "POST /api/submissions HTTP/1.1",
                &format!("cookie: {}\r\n", long(25_000)),
            ),
            431,
        ),
        (head("POST /api/submissions HTTP/1.1", &"a: b\r\n".repeat(100)), 431),
        (head("POST /api/submissions HTTP/1.1", &"a: b\r\n".repeat(2_000)), 431),
        (
            head("POST /api/submissions HTTP/1.1", "transfer-encoding: gzip\r\n"),
            501,
        ),
        (head("GET /api/submissions HTTP/9.9", ""), 505),
    ] {
        let response = frontend.send(request.as_bytes()).await?;
        let start = &request[..request.len().min(200)];
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{start}: {head}");
        assert!(
            head.contains(&format!("\r\ncontent-type: {}", Problem::MEDIA_TYPE)),
            "{start}: {head}"
        );
        assert_eq!(head.contains("\r\nallow: post"), status == 405, "{start}: {head}");
        let problem: Problem = serde_json::from_str(body)?;
        assert_eq!(problem.status, status, "{start}");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty(), "{start}");
    }
    Ok(())
}

#[tokio::test]
async fn a_client_gets_through_nginx_what_it_gets_from_the_backend() -> Result<()> {
    let stage = Stage::new("alike").await?;
    let backend = stage.backend().await?;
    let frontend = stage.frontend(&[]).await?;
    stage
        .until(StatusCode::OK, |http| submission(http, &frontend.url))
        .await?;
    for request in [
        request("1.0", ""),
        request("1.1", &format!("host: a\r\ncookie: {}\r\n", "c".repeat(16_000))),
        request("1.1", "host: a\r\nx-binary: \u{e9}\u{ff}\r\n"),
    ] {
        for container in [&backend, &frontend] {
            let response = container.send(&request).await?;
            assert!(is_submission_response(&response), "{response}");
        }
    }
    let chunk = "1\r\n \r\n".repeat(4_000);
    let tiny_chunks = format!(
        "POST /api/submissions HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{chunk}f\r\n{{\"name\": \"Ada\"}}\r\n0\r\n\r\n"
    );
    let response = frontend.send(tiny_chunks.as_bytes()).await?;
    assert!(is_submission_response(&response), "{response}");
    Ok(())
}

#[tokio::test]
async fn unusual_dns_settings_do_not_keep_nginx_from_starting() -> Result<()> {
    let stage = Stage::new("resolv").await?;
    stage.backend().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("resolv.conf");
    let volume = format!("--volume={}:/etc/resolv.conf:ro", file.display());
    std::fs::write(
        &file,
        "domain example.com\nsearch .\nnameserver fe80::1%eth0\nnameserver 127.0.0.11\noptions ndots:5",
    )?;
    let frontend = stage.frontend(&[&volume]).await?;
    stage
        .until(StatusCode::OK, |http| submission(http, &frontend.url))
        .await?;
    // Without a nameserver, the one on this host is meant, which does not know the pods.
    for text in ["", "nameserver fe80::1%eth0\n"] {
        std::fs::write(&file, text)?;
        let frontend = stage.frontend(&[&volume]).await?;
        let response = submission(&stage.http, &frontend.url).send().await?;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY, "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn nginx_listens_on_ipv6_too() -> Result<()> {
    let stage = Stage::new("ipv6").await?;
    let frontend = stage.frontend(&["--sysctl=net.ipv6.conf.all.disable_ipv6=0"]).await?;
    assert_eq!(frontend.listeners("/proc/net/tcp").await?, 1);
    assert_eq!(frontend.listeners("/proc/net/tcp6").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_log_line_has_the_backends_fields_and_nothing_that_the_client_wrote() -> Result<()> {
    let stage = Stage::new("log").await?;
    let backend = stage.backend().await?;
    let frontend = stage.frontend(&[]).await?;
    stage
        .until(StatusCode::OK, |http| submission(http, &frontend.url))
        .await?;
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
    let stage = Stage::new("last-lines").await?;
    let frontend = stage.frontend(&[]).await?;
    let count = 2_000;
    for _ in 0..count {
        let response = stage.http.get(format!("{}/robots.txt", frontend.url)).send().await?;
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!(frontend.stop().await?, "0");
    assert_eq!(frontend.log().await?.len(), count);
    Ok(())
}

#[tokio::test]
async fn a_pod_without_a_backend_logs_at_most_one_error_a_second() -> Result<()> {
    let stage = Stage::new("quiet").await?;
    let started = Instant::now();
    let frontend = stage.frontend(&[]).await?;
    let errors = async || anyhow::Ok(frontend.errors().await?.lines().count());
    within("twelve errors", async {
        while errors().await? < 12 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    })
    .await?;
    let seconds = started.elapsed().as_secs_f64();
    let count = errors().await?;
    // At the start, one for each of the three names that nginx cannot resolve.
    assert!(count as f64 <= seconds + 3.0, "{count} errors in {seconds:.1} s");
    Ok(())
}
