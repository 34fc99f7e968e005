//! `GET /metrics`.

use std::collections::{BTreeMap, BTreeSet};

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::Server;

async fn scrape(server: &Server) -> String {
    let response = server.get("/metrics").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
    response.text().await.unwrap()
}

#[tokio::test]
async fn requests_are_counted_by_method_route_and_status() {
    let server = Server::start(&[]).await;
    for _ in 0..3 {
        server.post("/echo", "application/json", "{}").send().await.unwrap();
    }
    server.get("/echo").send().await.unwrap();
    let metrics = scrape(&server).await;
    for sample in [
        r#"http_request_duration_seconds_count{method="POST",route="/echo",status="200"} 3"#,
        r#"http_request_duration_seconds_count{method="GET",route="/echo",status="405"} 1"#,
        r#"http_request_duration_seconds_bucket{method="POST",route="/echo",status="200",le="+Inf"} 3"#,
        "http_requests_in_flight 1",
        "hello_draining 0",
        "hello_build_info 1",
    ] {
        assert!(metrics.lines().any(|line| line == sample), "{sample} in {metrics}");
    }
}

#[tokio::test]
async fn the_labels_of_the_build_are_exported() {
    let server = Server::fixture(&[]).await;
    let url = format!("http://{}/metrics", server.admin_address.as_ref().unwrap());
    let metrics = server.client.get(url).send().await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains("\ntest_fixture_build_info{version=\"v7\"} 1\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_client_cannot_create_new_time_series() {
    let server = Server::start(&[]).await;
    for number in 0..10 {
        server.get(&format!("/made/up/{number}")).send().await.unwrap();
        let method = format!("MADEUP{number}").parse().unwrap();
        server
            .client
            .request(method, server.url("/hello/Ada"))
            .send()
            .await
            .unwrap();
    }
    let metrics = scrape(&server).await;
    assert!(!metrics.to_lowercase().contains("made"), "{metrics}");
    assert!(
        metrics.contains(r#"_count{method="GET",route="unmatched",status="404"} 10"#),
        "{metrics}"
    );
    assert!(
        metrics.contains(r#"_count{method="OTHER",route="/hello/{name}",status="405"} 10"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_request_rejected_before_its_head_is_complete_is_counted() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let endless = format!("GET / HTTP/1.1\r\nx: {}", "x".repeat(24 * 1024));
    connection.write_all(endless.as_bytes()).await.unwrap();
    connection.read_to_end(&mut Vec::new()).await.unwrap();
    let sample = r#"_count{method="OTHER",route="unmatched",status="431"} 1"#;
    let metrics = scrape(&server).await;
    assert!(metrics.contains(sample), "{metrics}");
}

#[tokio::test]
async fn a_draining_server_says_so() {
    let mut server = Server::start(&["DRAIN_SECONDS=60"]).await;
    server.signal(Signal::SIGTERM);
    server
        .log_line("the line `draining`", |line| line["message"] == "draining")
        .await;
    assert!(scrape(&server).await.contains("\nhello_draining 1\n"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_and_cpu_time_of_the_process_are_exported() {
    let server = Server::start(&[]).await;
    let metrics = scrape(&server).await;
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(
            metrics.lines().any(|line| line.starts_with(&format!("{name} "))),
            "{name} in {metrics}"
        );
    }
}

/// What `promtool check metrics` would complain about
/// (<https://prometheus.io/docs/practices/naming/>, <https://prometheus.io/docs/instrumenting/writing_exporters/>).
#[tokio::test]
async fn names_and_types_follow_the_conventions() {
    let server = Server::start(&[]).await;
    server.get("/hello/Ada").send().await.unwrap();
    let metrics = scrape(&server).await;
    let described = |keyword: &str| -> BTreeMap<String, String> {
        let lines = metrics
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("# {keyword} "))?.split_once(' '));
        lines.map(|(name, rest)| (name.to_owned(), rest.to_owned())).collect()
    };
    let (help, types) = (described("HELP"), described("TYPE"));
    assert_eq!(
        help.keys().collect::<BTreeSet<_>>(),
        types.keys().collect::<BTreeSet<_>>()
    );
    for (name, kind) in &types {
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{name} is not snake case"
        );
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        for suffix in [
            "_count",
            "_sum",
            "_bucket",
            "_milliseconds",
            "_ms",
            "_minutes",
            "_kilobytes",
            "_percent",
        ] {
            assert!(!name.ends_with(suffix), "{name} ends in {suffix}");
        }
        assert!(!name.contains(kind.as_str()), "{name} contains its type");
        assert!(help[name].len() > 10, "{name} has no help");
    }
    for sample in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = sample.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().unwrap().is_finite(), "{sample}");
        let name = name.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| {
            name.strip_suffix(suffix)
                .filter(|family| types.get(*family).is_some_and(|kind| kind == "histogram"))
        });
        assert!(types.contains_key(family.unwrap_or(name)), "{sample} has no type");
    }
}
