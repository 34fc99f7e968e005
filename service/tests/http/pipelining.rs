//! Clients that send many requests on a connection before they read a response: each gets its own, in order.

use tokio::io::AsyncWriteExt;

use crate::{
    raw::{rest, send, submission},
    server::Server,
};

/// Returns requests, the last of which asks the server to close.
fn pipelined(path: &str, count: usize) -> String {
    let request = |connection| format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: {connection}\r\n\r\n");
    request("keep-alive").repeat(count - 1) + &request("close")
}

#[tokio::test]
async fn pipelined_requests_all_get_responses_in_order() {
    let server = Server::start(&[]).await;
    let names = ["Ada", "Bob", "Cyd"];
    let requests = names.map(|name| submission("content-length: 15\r\n", &format!(r#"{{"name": "{name}"}}"#)));
    let responses = send(&server, requests.concat().as_bytes()).await;
    let positions = names.map(|name| responses.find(&format!("{name:?}")).expect(name));
    assert!(positions.is_sorted(), "{responses}");
}

#[tokio::test]
async fn more_pipelined_requests_than_are_read_at_once_all_get_responses() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let (mut reader, mut writer) = connection.split();
    // So many that pauses between the reads would add up to more than this test's patience.
    let requests = pipelined("/hello/Ada", 5000);
    let ask = async { writer.write_all(requests.as_bytes()).await.unwrap() };
    let ((), responses) = tokio::join!(ask, rest(&mut reader));
    assert_eq!(responses.matches("HTTP/1.1 200 ").count(), 5000);
}

#[tokio::test]
async fn a_client_that_reads_only_when_it_has_asked_for_everything_gets_everything() {
    let server = Server::fixture(&[]).await;
    let mut connection = server.connect().await;
    // The responses are far more than the operating system takes while nobody reads them.
    let requests = pipelined("/large", 3000);
    connection.write_all(requests.as_bytes()).await.unwrap();
    let responses = rest(&mut connection).await;
    assert_eq!(responses.matches("HTTP/1.1 200 ").count(), 3000);
}

#[tokio::test]
async fn each_pipelined_request_gets_a_response_by_its_own_method_and_version() {
    let server = Server::start(&[]).await;
    let request = |method: &str, version: &str| {
        format!("{method} /healthz HTTP/{version}\r\nhost: a\r\nconnection: keep-alive\r\n\r\n")
    };
    let requests = [
        request("GET", "1.1"),
        request("GET", "1.0"),
        request("GET", "1.1"),
        request("HEAD", "1.1"),
    ];
    let responses = send(&server, requests.concat().as_bytes()).await;
    let responses: Vec<_> = responses.split_inclusive("alive\n").collect();
    let [first, second, third, head] = responses[..] else {
        panic!("three bodies and a head without one: {responses:?}");
    };
    for (response, version) in [(first, "1.1"), (second, "1.0"), (third, "1.1"), (head, "1.1")] {
        assert!(response.starts_with(&format!("HTTP/{version} 200 ")), "{response}");
        assert!(response.contains("content-length: 6\r\n"), "{response}");
    }
    assert!(head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn a_request_after_connection_close_gets_no_response() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let requests =
        "GET /hello/Ada HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET /hello/Ada HTTP/1.1\r\nhost: a\r\n\r\n";
    connection.write_all(requests.as_bytes()).await.unwrap();
    let responses = rest(&mut connection).await;
    assert_eq!(responses.matches("HTTP/1.1 200 ").count(), 1, "{responses}");
}

#[tokio::test]
async fn a_malformed_request_is_rejected_after_the_requests_before_it_get_responses() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let requests = "GET /hello/Ada HTTP/1.1\r\nhost: a\r\n\r\nGET /hello/Ada HTTP/1.1\r\nhost: a b\r\n\r\n";
    connection.write_all(requests.as_bytes()).await.unwrap();
    let responses = rest(&mut connection).await;
    assert!(responses.starts_with("HTTP/1.1 200 "), "{responses}");
    assert_eq!(responses.matches("HTTP/1.1 400 ").count(), 1, "{responses}");
}

#[tokio::test]
async fn a_body_that_the_response_streams_back_is_complete() {
    let server = Server::fixture(&[]).await;
    let mut connection = server.connect().await;
    let request = format!(
        "POST /stream HTTP/1.1\r\nhost: a\r\ncontent-length: 3000\r\n\r\n{}",
        "~".repeat(3000)
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let response = rest(&mut connection).await;
    assert_eq!(response.matches('~').count(), 3000, "{response}");
}
