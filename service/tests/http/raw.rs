//! Requests as bytes, for what no HTTP client would send, and responses as they come back.

use std::time::Duration;

use regex::Regex;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::server::Server;

/// Sends bytes and returns all that comes back until the server closes the connection.
pub async fn send(server: &Server, bytes: &[u8]) -> String {
    let mut connection = server.connect().await;
    // The server may close before it has read all.
    let _ = connection.write_all(bytes).await;
    let _ = connection.shutdown().await;
    let mut responses = Vec::new();
    let end = timeout(Duration::from_secs(60), connection.read_to_end(&mut responses)).await;
    let _ = end.expect("the server ends the connection");
    String::from_utf8_lossy(&responses).into_owned()
}

/// All that comes back until the server closes the connection, which it has to announce.
///
/// Every test that reads to the end checks the invariant: if the server closes before the keep-alive time is over, its last
/// response said `Connection: close`.
pub async fn rest(connection: &mut (impl AsyncRead + Unpin)) -> String {
    let mut responses = Vec::new();
    // A reset after the response is an end like any other.
    let end = async { while let Ok(1..) = connection.read_buf(&mut responses).await {} };
    timeout(Duration::from_secs(60), end)
        .await
        .expect("the server ends the connection");
    let responses = String::from_utf8_lossy(&responses).into_owned();
    assert!(
        announces_close(&responses),
        "closed without Connection: close: {responses}"
    );
    responses
}

/// Whether the last of these responses is the last on its connection.
fn announces_close(responses: &str) -> bool {
    let status_line = Regex::new(r"HTTP/1\.[01] [0-9]{3} [A-Z]").unwrap();
    let Some(last) = status_line.find_iter(responses).last() else {
        return true;
    };
    let (head, _) = responses[last.start()..]
        .split_once("\r\n\r\n")
        .expect("a complete head");
    let head = head.to_ascii_lowercase();
    head.contains("\r\nconnection: close")
        || head.starts_with("http/1.0") && !head.contains("\r\nconnection: keep-alive")
}

/// The next response on a connection that stays open.
pub async fn next(connection: &mut (impl AsyncRead + Unpin)) -> String {
    let mut response = String::new();
    let read = async {
        while !is_complete(&response) {
            let byte = connection.read_u8().await.expect("a response");
            response.push(byte.into());
        }
    };
    timeout(Duration::from_secs(60), read).await.expect("a response");
    response
}

fn is_complete(response: &str) -> bool {
    let Some((head, body)) = response.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() == length.map_or(0, |length| length.parse().unwrap())
}

/// A submission with these headers beside those that each has.
pub fn submission(headers: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{headers}\r\n{body}")
}

/// That a response is a problem document, and its request is in the log.
pub async fn assert_refused(server: &mut Server, status: u16, response: &str) {
    assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
    let (head, problem) = response.split_once("\r\n\r\n").expect("a head and a body");
    let problem: problem::Problem = serde_json::from_str(problem).expect("a problem document");
    assert_eq!(problem.status, status);
    let line = server.log_line("a line", |line| line["status"] == status).await;
    let id = line["request_id"].as_str().expect("an id");
    assert!(head.contains(&format!("x-request-id: {id}")), "{head}");
}
