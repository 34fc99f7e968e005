//! Clients that leave before their response, and clients that only stop sending.

use std::time::{Duration, Instant};

use service::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{crowd::allow_many_connections, raw::next, server::Server};

async fn get(server: &Server, path: &str) -> TcpStream {
    let mut connection = server.connect().await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

async fn metrics(server: &Server) -> String {
    let url = format!("http://{}/metrics", server.admin_address.as_ref().unwrap());
    server.client.get(url).send().await.unwrap().text().await.unwrap()
}

/// Waits until the metrics contain this line.
pub async fn wait_for_metric(server: &Server, line: &str) {
    let started = Instant::now();
    while !metrics(server).await.lines().any(|other| other == line) {
        assert!(started.elapsed() < Duration::from_secs(60), "no {line}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The metrics' own request is in flight, too.
const NONE_IN_FLIGHT: &str = "http_requests_in_flight 1";

#[tokio::test]
async fn a_handler_is_cancelled_when_its_client_has_left() {
    let mut server = Server::fixture(&[]).await;
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(get(&server, "/never").await);
    }
    wait_for_metric(&server, "http_requests_in_flight 51").await;
    drop(clients);
    wait_for_metric(&server, NONE_IN_FLIGHT).await;
    let line = server.log_line("a line", |line| line["status"] == 499).await;
    assert_eq!(line["route"], "/never");
    assert!(line["request_id"].is_string(), "{line}");
}

#[tokio::test]
async fn a_handler_is_cancelled_at_once_when_the_connection_is_reset() {
    let server = Server::fixture(&["WRITE_TIMEOUT_SECONDS=3600"]).await;
    let client = get(&server, "/never").await;
    wait_for_metric(&server, "http_requests_in_flight 2").await;
    client.set_zero_linger().unwrap();
    drop(client);
    // Without the reset, the handler would continue for the write timeout.
    wait_for_metric(&server, NONE_IN_FLIGHT).await;
}

#[tokio::test]
async fn a_handler_is_cancelled_even_when_its_client_had_sent_more_requests() {
    let server = Server::fixture(&[]).await;
    let mut client = server.connect().await;
    // More than the server reads at once, and less than the kernel buffers.
    let requests = "GET /never HTTP/1.1\r\nhost: a\r\n\r\n".repeat(200);
    client.write_all(requests.as_bytes()).await.unwrap();
    wait_for_metric(&server, "http_requests_in_flight 2").await;
    drop(client);
    wait_for_metric(&server, NONE_IN_FLIGHT).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_response_that_never_ends_is_dropped_when_its_client_has_left() {
    let server = Server::fixture(&[]).await;
    let open_files = |metrics: String| {
        let mut lines = metrics.lines();
        let line = lines.find(|line| line.starts_with("process_open_fds ")).unwrap();
        line.split_once(' ').unwrap().1.parse::<usize>().unwrap()
    };
    let before = open_files(metrics(&server).await);
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = get(&server, "/unfinished").await;
        client.read_u8().await.unwrap();
        clients.push(client);
    }
    assert!(open_files(metrics(&server).await) >= before + 50);
    drop(clients);
    let started = Instant::now();
    while open_files(metrics(&server).await) > before {
        assert!(started.elapsed() < Duration::from_secs(60), "the connections are open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_client_that_only_stops_sending_gets_its_response() {
    let server = Server::fixture(&[]).await;
    for path in ["/large", "/late"] {
        let mut client = get(&server, path).await;
        client.shutdown().await.unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        assert!(response.contains(&path[1..]), "{response}");
    }
}

#[tokio::test]
async fn the_connection_that_has_been_idle_longest_is_closed_when_connections_run_out() {
    allow_many_connections();
    let server = Server::fixture(&[]).await;
    let _busy = get(&server, "/never").await;
    wait_for_metric(&server, "http_requests_in_flight 2").await;
    let mut oldest = get(&server, "/large").await;
    next(&mut oldest).await;
    let mut others = Vec::new();
    for _ in 0..Limits::default().max_connections + 64 {
        let mut other = get(&server, "/item").await;
        assert!(next(&mut other).await.starts_with("HTTP/1.1 200 "));
        others.push(other);
    }
    assert_eq!(oldest.read(&mut [0]).await.unwrap(), 0);
    let mut newest = others.pop().unwrap();
    newest
        .write_all(b"GET /item HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(next(&mut newest).await.starts_with("HTTP/1.1 200 "));
    // A connection with a request in flight is not idle, however old it is.
    wait_for_metric(&server, "http_requests_in_flight 2").await;
}
