//! The shutdown of the process by real signals. No request is lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::server::Server;

const REQUEST: &[u8] =
    b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"name\": \"Ada\"}";

/// Sends one request on a connection. Returns the response, or `None` if the request was lost.
pub async fn submit_on(connection: &mut TcpStream) -> Option<String> {
    connection.write_all(REQUEST).await.ok()?;
    let mut response = Vec::new();
    while !response.ends_with(b"}") {
        if connection.read_buf(&mut response).await.ok()? == 0 {
            return None;
        }
    }
    String::from_utf8(response).ok()
}

async fn draining(server: &mut Server) {
    server
        .log_line("the line `draining`", |line| line["message"] == "draining")
        .await;
}

#[tokio::test]
async fn a_signal_ends_an_idle_server_with_success() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = Server::start(&["DRAIN_SECONDS=0"]).await;
        server.signal(signal);
        assert_eq!(server.ended().await.code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_draining_server_is_alive_but_not_ready_and_still_responds() {
    let mut server = Server::start(&["DRAIN_SECONDS=60"]).await;
    server.signal(Signal::SIGTERM);
    draining(&mut server).await;
    let alive = server.get("/healthz").send().await.unwrap();
    assert_eq!(alive.status(), 200);
    assert_eq!(alive.headers()["connection"], "close");
    assert_eq!(server.get("/readyz").send().await.unwrap().status(), 503);
    let mut new = server.connect().await;
    let response = submit_on(&mut new).await.unwrap();
    assert!(
        response.starts_with("HTTP/1.1 200 ") && response.contains("connection: close"),
        "{response}"
    );
}

#[tokio::test]
async fn every_kept_alive_client_gets_responses_until_a_response_says_connection_close() {
    let mut server = Server::start(&[]).await;
    let served = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (mut connection, served) = (server.connect().await, served.clone());
        clients.spawn(async move {
            loop {
                let response = submit_on(&mut connection).await.expect("a request was lost");
                assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
                served.fetch_add(1, Ordering::Relaxed);
                if response.contains("connection: close") {
                    return;
                }
            }
        });
    }
    while served.load(Ordering::Relaxed) < 1000 {
        tokio::task::yield_now().await;
    }
    server.signal(Signal::SIGTERM);
    clients.join_all().await;
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_request_in_flight_gets_its_response_after_the_listener_closed() {
    let mut server = Server::fixture(&["READ_TIMEOUT_SECONDS=3600"]).await;
    let mut slow = server.connect().await;
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n";
    slow.write_all(format!("{head}content-length: 15\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    slow.read_exact(&mut go_on).await.unwrap();
    server.signal(Signal::SIGTERM);
    server
        .log_line("the line `finishing`", |line| {
            line["message"] == "finishing requests in flight"
        })
        .await;
    while TcpStream::connect(&server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    slow.write_all(br#"{"name": "Ada"}"#).await.unwrap();
    let mut response = String::new();
    slow.read_to_string(&mut response).await.unwrap();
    assert!(
        response.starts_with("HTTP/1.1 200 ") && response.contains("connection: close"),
        "{response}"
    );
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let mut server = Server::start(&["DRAIN_SECONDS=3600"]).await;
        server.signal(Signal::SIGTERM);
        draining(&mut server).await;
        server.signal(signal);
        assert_eq!(server.ended().await.code(), Some(code));
    }
}

#[tokio::test]
async fn an_idle_connection_ends_after_the_keep_alive_time_whatever_the_drain_time() {
    for drain_time in ["DRAIN_SECONDS=0", "DRAIN_SECONDS=3600"] {
        let server = Server::start(&["KEEP_ALIVE_SECONDS=5", drain_time]).await;
        let mut connection = server.connect().await;
        submit_on(&mut connection).await.expect("a response");
        let last_request = Instant::now();
        submit_on(&mut connection).await.expect("the connection is kept alive");
        let end = timeout(Duration::from_secs(60), connection.read(&mut [0])).await;
        assert_eq!(end.expect("the server closes it").unwrap(), 0);
        let idle = last_request.elapsed();
        assert!(idle >= Duration::from_secs(5), "{idle:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_until_the_drain_is_over_and_does_not_delay_the_end() {
    // Its shutdown timeout outlasts this test.
    let mut server = Server::fixture(&["DRAIN_SECONDS=6"]).await;
    let mut connection = server.connect().await;
    submit_on(&mut connection).await.expect("a response");
    let signalled = Instant::now();
    server.signal(Signal::SIGTERM);
    let end = timeout(Duration::from_secs(60), connection.read(&mut [0])).await;
    assert_eq!(end.expect("the server closes it").unwrap(), 0);
    let kept = signalled.elapsed();
    assert!(kept >= Duration::from_secs(6), "{kept:?}");
    assert_eq!(server.ended().await.code(), Some(0));
}
