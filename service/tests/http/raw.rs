//! Requests as bytes, for what no HTTP client would send, and answers as they come back.

use std::time::Duration;

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
    rest(&mut connection).await
}

/// All that comes back until the server closes the connection.
pub async fn rest(connection: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is an end like any other.
    let end = timeout(Duration::from_secs(60), connection.read_to_end(&mut answer)).await;
    let _ = end.expect("the server ends the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A submission with these headers beside those that each has.
pub fn submission(headers: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{headers}\r\n{body}")
}

/// That an answer is a problem document, and its request is in the log.
pub async fn assert_refused(server: &mut Server, status: u16, answer: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, problem) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let problem: problem::Problem = serde_json::from_str(problem).expect("a problem document");
    assert_eq!(problem.status, status);
    let line = server.log_line("a line", |line| line["status"] == status).await;
    let id = line["request_id"].as_str().expect("an id");
    assert!(head.contains(&format!("x-request-id: {id}")), "{head}");
}
