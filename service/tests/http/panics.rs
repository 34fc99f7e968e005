//! A handler that panics fails one request.

use crate::server::Server;

#[tokio::test]
async fn a_panic_gets_a_problem_and_the_next_request_as_usual() {
    let server = Server::start(&[]).await;
    for _ in 0..100 {
        let response = server.get("/divide/0").send().await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert!(response.headers().contains_key("x-request-id"));
        let problem: problem::Problem = response.json().await.unwrap();
        assert!(!problem.detail.contains("zero"), "{problem:?}");
        assert_eq!(server.get("/hello/Ada").send().await.unwrap().status(), 200);
    }
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains(r#"_count{method="GET",route="/divide/{n}",status="500"} 100"#),
        "{metrics}"
    );
    assert!(metrics.contains("\nhttp_requests_in_flight 1\n"), "{metrics}");
}

#[tokio::test]
async fn a_panic_is_logged_with_the_id_of_its_request() {
    let mut server = Server::start(&[]).await;
    server
        .get("/divide/0")
        .header("x-request-id", "one")
        .send()
        .await
        .unwrap();
    let line = server
        .log_line("a line for the panic", |line| line["level"] == "ERROR")
        .await;
    assert_eq!(line["request_id"], "one");
    assert_eq!(line["message"], "panicked: attempt to divide by zero");
    assert!(line["location"].as_str().unwrap().contains("hello.rs"), "{line}");
    let line = server
        .log_line("a line for the request", |line| line["message"] == "request")
        .await;
    assert_eq!(
        (line["request_id"].as_str(), line["status"].as_u64()),
        (Some("one"), Some(500))
    );
}

#[tokio::test]
async fn a_message_of_two_lines_is_one_line_of_the_log() {
    let mut server = Server::fixture(&[]).await;
    server.get("/panic").send().await.unwrap();
    let line = server
        .log_line("a line for the panic", |line| line["level"] == "ERROR")
        .await;
    assert_eq!(line["message"], "panicked: the handler's own\nwords");
}
