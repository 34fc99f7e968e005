//! The requests of Kubernetes.

use std::thread;

use nix::sys::signal::Signal;
use service::Limits;
use tokio::io::AsyncWriteExt;

use crate::{
    crowd::{allow_many_connections, crowd},
    disconnect::wait_for_metric,
    raw::{next, submission},
    server::Server,
};

fn admin_url(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.admin_address.as_ref().unwrap())
}

/// Requests a path of the admin port on a new connection, as the kubelet does.
async fn probe(server: &Server, path: &str) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(admin_url(server, path)).send().await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn a_running_server_is_alive_and_ready() {
    let server = Server::start(&[]).await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_get_endpoint_supports_head() {
    let server = Server::start(&[]).await;
    let response = server.client.head(server.url("/hello/Ada")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn an_admin_port_has_the_endpoints_instead_of_the_main_port() {
    let server = Server::fixture(&[]).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(probe(&server, path).await, 200, "{path}");
        assert_eq!(server.get(path).send().await.unwrap().status(), 404, "{path}");
    }
    assert_eq!(probe(&server, "/large").await, 404);
    assert_eq!(server.get("/large").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn probes_on_the_admin_port_get_responses_while_every_worker_is_blocked_and_every_connection_held() {
    allow_many_connections();
    let server = Server::fixture(&[]).await;
    let block = b"GET /block HTTP/1.1\r\nhost: a\r\n\r\n";
    let held = crowd(&server, 2 * Limits::default().max_connections, block).await;
    // The first request of each worker, and that of the metrics.
    let in_flight = thread::available_parallelism().unwrap().get() + 1;
    wait_for_metric(&server, &format!("http_requests_in_flight {in_flight}")).await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(probe(&server, path).await, 200, "{path}");
    }
    drop(held);
}

#[tokio::test]
async fn the_admin_port_stays_open_until_the_last_request_is_finished() {
    let mut server = Server::fixture(&["READ_TIMEOUT_SECONDS=3600"]).await;
    let mut slow = server.connect().await;
    slow.write_all(submission("content-length: 15\r\nexpect: 100-continue\r\n", "").as_bytes())
        .await
        .unwrap();
    assert!(next(&mut slow).await.starts_with("HTTP/1.1 100 "));
    server.signal(Signal::SIGTERM);
    server
        .log_line("the end of the drain", |line| {
            line["message"] == "finishing requests in flight"
        })
        .await;
    while server.get("/large").send().await.is_ok() {}
    assert_eq!(probe(&server, "/healthz").await, 200);
    assert_eq!(probe(&server, "/readyz").await, 503);
    slow.write_all(br#"{"name": "Ada"}"#).await.unwrap();
    assert!(next(&mut slow).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(server.ended().await.code(), Some(0));
}
