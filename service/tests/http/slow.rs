//! Slow clients (slowloris, slow readers) are disconnected.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    drain::submit_on,
    raw::{assert_refused, rest, submission},
    server::Server,
};

/// Sends one byte at a time, with pauses shorter than any limit between two reads; returns what comes back.
async fn send_slowly(connection: &mut TcpStream) -> String {
    let (mut reader, mut writer) = connection.split();
    let sender = async {
        while writer.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        std::future::pending().await
    };
    tokio::select! {
        response = rest(&mut reader) => response,
        never = sender => never,
    }
}

#[tokio::test]
async fn a_head_that_does_not_arrive_times_out() {
    let mut server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    connection.write_all(b"POST /echo HTTP/1.1\r\nhost").await.unwrap();
    let response = rest(&mut connection).await;
    assert_refused(&mut server, 408, &response).await;
}

#[tokio::test]
async fn a_head_sent_slowly_times_out_even_on_a_kept_alive_connection() {
    let mut server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    for _ in 0..3 {
        submit_on(&mut connection).await.expect("a response");
    }
    connection.write_all(b"GET /hello/Ada HTTP/1.1\r\nx: ").await.unwrap();
    let response = send_slowly(&mut connection).await;
    assert_refused(&mut server, 408, &response).await;
}

#[tokio::test]
async fn a_body_sent_slowly_times_out() {
    let mut server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let head = submission("content-length: 4096\r\n", "");
    connection.write_all(head.as_bytes()).await.unwrap();
    let response = send_slowly(&mut connection).await;
    assert_refused(&mut server, 408, &response).await;
}

#[tokio::test]
async fn a_chunked_body_that_ends_late_is_rejected_once() {
    let mut server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let request = submission("transfer-encoding: chunked\r\n", "8\r\nname=Ada\r\n0\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = connection.split();
    let trailers = async {
        while writer.write_all(b"x-late: x\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        std::future::pending().await
    };
    let response = tokio::select! {
        response = rest(&mut reader) => response,
        never = trailers => never,
    };
    assert_eq!(response.matches("HTTP/1.1 ").count(), 1, "{response}");
    assert_refused(&mut server, 408, &response).await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_times_out_even_behind_a_pipelined_request() {
    let mut server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let requests = [r#"{"name": "Ada"}"#, r#"{"name":"#].map(|body| submission("content-length: 15\r\n", body));
    connection.write_all(requests.concat().as_bytes()).await.unwrap();
    let responses = rest(&mut connection).await;
    let (_, refusal) = responses.rsplit_once("HTTP/1.1 408").expect("a refusal");
    assert!(responses.contains(r#"{"name": "Ada"}"#), "{responses}");
    assert_refused(&mut server, 408, &format!("HTTP/1.1 408{refusal}")).await;
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let server = Server::start(&["KEEP_ALIVE_SECONDS=1"]).await;
    let mut connection = server.connect().await;
    assert_eq!(rest(&mut connection).await, "");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_responses_is_disconnected() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let requests = "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n".repeat(100);
    let ask = async { while connection.write_all(requests.as_bytes()).await.is_ok() {} };
    timeout(Duration::from_secs(60), ask)
        .await
        .expect("the connection ends");
    server.assert_ready().await;
}

#[tokio::test]
async fn a_client_that_reads_a_few_bytes_a_second_is_disconnected() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect_with_small_buffer().await;
    let requests = "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n".repeat(500);
    connection.write_all(requests.as_bytes()).await.unwrap();
    let read = async {
        // Fast enough to read a little of every response, and too slow to read 1.4 MB within this test's timeout.
        while let Ok(1..) = connection.read(&mut [0; 64]).await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), read)
        .await
        .expect("the connection ends");
    server.assert_ready().await;
}
