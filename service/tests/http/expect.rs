//! Clients that wait for `100 Continue` before they send a body (RFC 9110, section 10.1.1).

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    raw::{rest, submission},
    server::Server,
};

#[tokio::test]
async fn a_client_that_expects_100_continue_gets_it_and_then_its_response() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let head = submission(
        "expect: 100-continue\r\nconnection: close\r\ncontent-length: 15\r\n",
        "",
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    connection.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(br#"{"name": "Ada"}"#).await.unwrap();
    let response = rest(&mut connection).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[tokio::test]
async fn a_body_that_the_head_already_rejects_is_not_asked_for() {
    let server = Server::start(&[]).await;
    let post = |path: &str, headers: &str, length: usize| {
        format!("POST {path} HTTP/1.1\r\nhost: a\r\n{headers}content-length: {length}\r\nexpect: 100-continue\r\n\r\n")
    };
    for (request, status) in [
        (post("/echo", "", 4097), 413),
        (post("/echo", "content-encoding: gzip\r\n", 15), 415),
        (post("/nowhere", "", 15), 404),
        (post("/hello/Ada", "", 15), 405),
    ] {
        let mut connection = server.connect().await;
        connection.write_all(request.as_bytes()).await.unwrap();
        let response = rest(&mut connection).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
    }
}
