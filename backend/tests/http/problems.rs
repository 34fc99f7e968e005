//! Everything that can be wrong with a request is answered with a problem document.

use api::{FieldError, Problem};
use reqwest::{RequestBuilder, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::Server;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

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
async fn an_invalid_name_is_laid_at_the_door_of_its_field() {
    let server = Server::start(&[]).await;
    let problem = problem_for(server.submit(JSON, r#"{"name": "  "}"#)).await;
    assert_eq!(problem.status, 422);
    assert_eq!(
        problem.errors,
        [FieldError {
            field: "name".to_owned(),
            detail: "Enter a name.".to_owned()
        }]
    );
}

#[tokio::test]
async fn a_malformed_body_is_a_bad_request() {
    let server = Server::start(&[]).await;
    for body in [
        "",
        "{",
        "null",
        "5",
        r#""Ada""#,
        r#"["Ada"]"#,
        "{}",
        r#"{"name": 5}"#,
        r#"{"name": null}"#,
        r#"{"name": "\ud800"}"#,
    ] {
        assert_eq!(problem_for(server.submit(JSON, body)).await.status, 400, "{body}");
    }
    for body in ["", "nom=Ada", "name=Ada&name=Grace", "name=%FF", "name=%C3&name=%A9"] {
        assert_eq!(problem_for(server.submit(FORM, body)).await.status, 400, "{body}");
    }
    assert_eq!(
        problem_for(server.submit(JSON, b"{\"name\": \"\xff\"}".to_vec()))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let server = Server::start(&[]).await;
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/submissions/",
        "/api/submissions/1",
        "/%00",
        "/..%2f..%2fetc/passwd",
    ] {
        assert_eq!(problem_for(server.get(path)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_allowed_ones() {
    let server = Server::start(&[]).await;
    for (method, path, allow) in [
        ("GET", "/api/submissions", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("BREW", "/version", "GET, HEAD"),
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
async fn another_media_type_is_unsupported() {
    let server = Server::start(&[]).await;
    for media_type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""] {
        assert_eq!(
            problem_for(server.submit(media_type, r#"{"name": "Ada"}"#))
                .await
                .status,
            415,
            "{media_type}"
        );
    }
}

#[tokio::test]
async fn a_body_is_too_large_from_4097_bytes_on() {
    let server = Server::start(&[]).await;
    let body = |bytes: usize| format!(r#"{{"name": "Ada"{}}}"#, " ".repeat(bytes - 15));
    assert_eq!(server.submit(JSON, body(4096)).send().await.unwrap().status(), 200);
    assert_eq!(problem_for(server.submit(JSON, body(4097))).await.status, 413);
}

#[tokio::test]
async fn a_body_said_to_be_too_large_is_refused_before_it_is_sent() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let head = "POST /api/submissions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000000\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
    assert!(response.contains("application/problem+json"), "{response}");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_cut_off() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let request = "POST /api/submissions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"na";
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    assert!(response.contains("application/problem+json"), "{response}");
}
