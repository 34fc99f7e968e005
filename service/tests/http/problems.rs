//! Every rejection is a problem document.

use problem::Problem;
use reqwest::{RequestBuilder, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::Server;

async fn problem(response: Response) -> Problem {
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Problem = response.json().await.unwrap();
    assert_eq!(problem.status, status.as_u16());
    assert_eq!(Some(problem.title.as_str()), status.canonical_reason());
    assert!(!problem.detail.is_empty());
    problem
}

async fn problem_for(request: RequestBuilder) -> Problem {
    problem(request.send().await.unwrap()).await
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let server = Server::start(&[]).await;
    for path in ["/", "/api", "/echo/", "/echo/1", "/%00", "/..%2f..%2fetc/passwd"] {
        assert_eq!(problem_for(server.get(path)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_rejection_of_a_method_lists_the_supported_ones() {
    let server = Server::start(&[]).await;
    for (method, path, allow) in [
        ("GET", "/echo", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("BREW", "/hello/Ada", "GET, HEAD"),
    ] {
        let response = server
            .client
            .request(method.parse().unwrap(), server.url(path))
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["allow"], allow);
        assert_eq!(problem(response).await.status, 405);
    }
}

#[tokio::test]
async fn several_methods_of_a_path_are_supported_together() {
    let server = Server::fixture(&[]).await;
    let send = async |method: &str| {
        let request = server.client.request(method.parse().unwrap(), server.url("/item"));
        request.send().await.unwrap()
    };
    for method in ["GET", "DELETE"] {
        assert_eq!(send(method).await.text().await.unwrap(), method);
    }
    let response = send("PUT").await;
    assert_eq!(response.headers()["allow"], "GET, HEAD, DELETE");
    assert_eq!(problem(response).await.status, 405);
}

#[tokio::test]
async fn an_error_of_an_extractor_is_a_problem_document() {
    let server = Server::start(&[]).await;
    let problem = problem_for(server.get("/divide/x")).await;
    assert_eq!(problem.status, 404);
    assert!(problem.detail.contains("can not parse"), "{problem:?}");
}

#[tokio::test]
async fn the_text_of_a_server_error_is_logged_and_not_sent() {
    let mut server = Server::fixture(&[]).await;
    let problem = problem_for(server.get("/bad-gateway")).await;
    assert_eq!(problem.status, 502);
    assert!(!problem.detail.contains("inner"), "{problem:?}");
    let line = server.log_line("a line", |line| line["level"] == "ERROR").await;
    assert_eq!(line["error"], "an inner address");
}

#[tokio::test]
async fn a_compressed_body_is_unsupported_and_identity_is_not() {
    let server = Server::start(&[]).await;
    let post = |coding: &str| {
        server
            .post("/echo", "text/plain", "x")
            .header("content-encoding", coding)
    };
    for coding in ["gzip", "identity, br", "GZIP"] {
        let response = post(coding).send().await.unwrap();
        assert_eq!(response.headers()["accept-encoding"], "identity", "{coding}");
        assert_eq!(problem(response).await.status, 415, "{coding}");
    }
    for coding in ["identity", ""] {
        assert_eq!(post(coding).send().await.unwrap().status(), 200, "{coding}");
    }
}

#[tokio::test]
async fn a_body_is_too_large_from_4097_bytes_on() {
    let server = Server::start(&[]).await;
    let post = |bytes| server.post("/echo", "text/plain", "x".repeat(bytes));
    assert_eq!(post(4096).send().await.unwrap().status(), 200);
    assert_eq!(problem_for(post(4097)).await.status, 413);
}

#[tokio::test]
async fn a_body_announced_as_too_large_is_rejected_before_it_is_sent() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000000\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
    assert!(response.contains("application/problem+json"), "{response}");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_times_out() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let request = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"na";
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    assert!(response.contains("application/problem+json"), "{response}");
}
