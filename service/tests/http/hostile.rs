//! Hostile and broken clients get a 4xx or a closed connection, and everybody else a response.

use tokio::io::AsyncWriteExt;

use crate::{
    raw::{assert_refused, rest, send, submission},
    server::Server,
};

#[tokio::test]
async fn malformed_http_is_rejected() {
    let mut server = Server::start(&[]).await;
    let garbage: Vec<u8> = (0..1_000_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for bytes in [
        garbage.as_slice(),
        &[0; 4096],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n \r\n\r\n",
    ] {
        let response = send(&server, bytes).await;
        assert_refused(&mut server, 400, &response).await;
    }
    server.assert_ready().await;
}

#[tokio::test]
async fn ambiguous_requests_are_rejected() {
    let mut server = Server::start(&[]).await;
    for headers in [
        "content-length: 15\r\ntransfer-encoding: chunked\r\n",
        "content-length: 15\r\ncontent-length: 16\r\n",
        "content-length: -1\r\n",
        "content-length: 99999999999999999999999\r\n",
        "transfer-encoding: gzip\r\n",
        "host: b\r\ncontent-length: 15\r\n",
    ] {
        let response = send(&server, submission(headers, r#"{"name": "Ada"}"#).as_bytes()).await;
        assert_refused(&mut server, 400, &response).await;
    }
    let without_host = send(&server, b"GET /hello/Ada HTTP/1.1\r\n\r\n").await;
    assert_refused(&mut server, 400, &without_host).await;
    server.assert_ready().await;
}

#[tokio::test]
async fn an_incomplete_request_affects_no_other() {
    let server = Server::start(&[]).await;
    for half in [
        "POST",
        "POST /echo HTTP/1.1\r\nhost: a",
        &submission("content-length: 15\r\n", "{\"na"),
    ] {
        let response = send(&server, half.as_bytes()).await;
        assert!(
            response.is_empty() || response.starts_with("HTTP/1.1 4"),
            "{half}: {response}"
        );
    }
    server.assert_ready().await;
}

#[tokio::test]
async fn too_many_headers_are_rejected() {
    let mut server = Server::start(&[]).await;
    let long = format!("x-long: {}\r\n", "x".repeat(16 * 1024));
    let many = "x-one-more: x\r\n".repeat(1000);
    let endless = format!("x-endless: {}\r\n", "x".repeat(200_000));
    for headers in [long, many, endless] {
        let response = send(&server, submission(&headers, "").as_bytes()).await;
        assert_refused(&mut server, 431, &response).await;
    }
    server.assert_ready().await;
}

#[tokio::test]
async fn an_endless_head_is_rejected() {
    let mut server = Server::start(&[]).await;
    let endless = format!(
        "GET /hello/Ada HTTP/1.1\r\nhost: a\r\nx-endless: {}",
        "x".repeat(24 * 1024)
    );
    let mut connection = server.connect().await;
    connection.write_all(endless.as_bytes()).await.unwrap();
    let response = rest(&mut connection).await;
    assert_refused(&mut server, 431, &response).await;
}

#[tokio::test]
async fn a_target_that_is_too_long_is_rejected() {
    let mut server = Server::start(&[]).await;
    for length in [9 * 1024, 64 * 1024] {
        let request = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(length));
        let mut connection = server.connect().await;
        let (mut reader, mut writer) = connection.split();
        let ask = async {
            // The server may close before it has read all.
            let _ = writer.write_all(request.as_bytes()).await;
        };
        let ((), response) = tokio::join!(ask, rest(&mut reader));
        assert_refused(&mut server, 414, &response).await;
    }
    server.assert_ready().await;
}

#[tokio::test]
async fn an_invalid_host_is_rejected() {
    let mut server = Server::start(&[]).await;
    for host in ["u@a", "a b", "[::1", "a:x", "<script>", "a/b", "::1"] {
        let mut connection = server.connect().await;
        let request = format!("GET /hello/Ada HTTP/1.1\r\nhost: {host}\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let response = rest(&mut connection).await;
        assert_refused(&mut server, 400, &response).await;
    }
    for host in ["", "a", "a:8000", "[::1]:8000", "127.0.0.1"] {
        let request = format!("GET /hello/Ada HTTP/1.1\r\nhost: {host}\r\n\r\n");
        let response = send(&server, request.as_bytes()).await;
        assert!(response.starts_with("HTTP/1.1 200 "), "{host}: {response}");
    }
}

#[tokio::test]
async fn a_response_to_head_has_no_body_even_when_it_is_a_rejection() {
    let server = Server::start(&[]).await;
    for head in [
        "HEAD /hello/Ada HTTP/1.1\r\nhost: a\r\n\r\n",
        "HEAD /hello/Ada HTTP/1.1\r\nhost: u@a\r\n\r\n",
        "HEAD /hello/Ada HTTP/1.1\r\n\r\n",
        "\r\nHEAD /hello/Ada HTTP/1.1\r\n\r\n",
        "HEAD /hello/Ada HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
    ] {
        let response = send(&server, head.as_bytes()).await;
        assert!(response.starts_with("HTTP/1.1 "), "{response}");
        assert!(response.ends_with("\r\n\r\n"), "{response}");
    }
}

#[tokio::test]
async fn a_rejection_has_its_body_even_when_a_pipelined_head_follows() {
    let mut server = Server::start(&[]).await;
    for headers in ["", "host: u@a\r\n"] {
        let requests = format!("GET / HTTP/1.1\r\n{headers}\r\nHEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
        let response = send(&server, requests.as_bytes()).await;
        assert_refused(&mut server, 400, &response).await;
    }
}

#[tokio::test]
async fn a_malformed_chunk_is_rejected_in_the_terms_of_the_client_and_the_connection_closed() {
    let mut server = Server::start(&[]).await;
    for chunks in ["x\r\n", "8\r\nname=Ada!\r\n", "-1\r\n\r\n", "fffffffffffffffff\r\n"] {
        let mut connection = server.connect().await;
        let request = submission("transfer-encoding: chunked\r\n", chunks);
        connection.write_all(request.as_bytes()).await.unwrap();
        let response = rest(&mut connection).await;
        assert!(!response.contains("EOF") && !response.contains("payload"), "{response}");
        assert_refused(&mut server, 400, &response).await;
    }
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_rejected_in_the_terms_of_the_client() {
    let mut server = Server::start(&[]).await;
    for request in [
        submission("content-length: 15\r\n", "{\"na"),
        submission("transfer-encoding: chunked\r\n", "8\r\nname"),
    ] {
        let response = send(&server, request.as_bytes()).await;
        assert!(
            response.contains("ends too early") && !response.contains("payload"),
            "{response}"
        );
        assert_refused(&mut server, 400, &response).await;
    }
}

#[tokio::test]
async fn bytes_after_a_rejected_body_are_not_parsed_as_a_request() {
    let server = Server::start(&[]).await;
    let body = "x".repeat(1_000_000);
    for headers in ["content-length: 2000000\r\n", "transfer-encoding: chunked\r\n"] {
        let mut connection = server.connect().await;
        let (mut reader, mut writer) = connection.split();
        let submission = submission(headers, &format!("{:x}\r\n{body}", body.len()));
        let submit = async {
            // The server may close before it has read all.
            let _ = writer.write_all(submission.as_bytes()).await;
        };
        let ((), response) = tokio::join!(submit, rest(&mut reader));
        assert!(response.starts_with("HTTP/1.1 413 "), "{headers}: {response}");
        assert_eq!(response.matches("HTTP/1.1 ").count(), 1, "{headers}: {response}");
    }
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(!metrics.contains("unmatched"), "{metrics}");
}

#[tokio::test]
async fn no_header_can_be_injected() {
    let server = Server::start(&[]).await;
    let response = send(
        &server,
        b"GET /%0d%0ax-injected:%201 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(!response.contains("x-injected"), "{response}");
}
