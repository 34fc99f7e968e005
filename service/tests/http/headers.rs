//! Headers of every response.

use crate::server::Server;

#[tokio::test]
async fn a_valid_request_id_of_the_caller_is_reused() {
    let server = Server::start(&[]).await;
    for id in ["1", "8f14e45f-ceea-467f-9d2b.0_Z", &"x".repeat(64)] {
        let response = server
            .get("/hello/Ada")
            .header("x-request-id", id)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["x-request-id"], id);
    }
}

#[tokio::test]
async fn an_invalid_request_id_is_replaced() {
    let server = Server::start(&[]).await;
    let mut seen = std::collections::HashSet::new();
    for id in ["", " ", "a b", "a\tb", "{\"a\":1}", "é", &"x".repeat(65)] {
        let response = server.get("/nowhere").header("x-request-id", id).send().await.unwrap();
        let made = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(
            made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{made}"
        );
        assert!(seen.insert(made));
    }
}

#[tokio::test]
async fn no_response_is_cached_or_sniffed() {
    let server = Server::start(&[]).await;
    for path in ["/healthz", "/hello/Ada", "/nowhere", "/echo"] {
        let response = server.get(path).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn the_callers_trace_is_in_the_log_line_and_continued_in_the_response() {
    let mut server = Server::start(&[]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let sent = format!("00-{trace}-00f067aa0ba902b7-01");
    let response = server
        .get("/hello/Ada")
        .header("traceparent", &sent)
        .send()
        .await
        .unwrap();
    let returned = response.headers()["traceparent"].to_str().unwrap().to_owned();
    let line = server
        .log_line("a line of that trace", |line| line["trace_id"] == trace)
        .await;
    assert_eq!(returned, format!("00-{trace}-{}-01", line["span_id"].as_str().unwrap()));
    assert_ne!(returned, sent);
}

#[tokio::test]
async fn only_the_trace_flags_that_the_standard_defines_are_in_the_response() {
    let server = Server::start(&[]).await;
    let sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff";
    let response = server
        .get("/hello/Ada")
        .header("traceparent", sent)
        .send()
        .await
        .unwrap();
    let returned = response.headers()["traceparent"].to_str().unwrap();
    assert!(returned.ends_with("-03"), "{returned}");
}

#[tokio::test]
async fn without_a_valid_trace_there_is_none_in_the_response() {
    let server = Server::start(&[]).await;
    let untraced = server.get("/hello/Ada").send().await.unwrap();
    assert!(!untraced.headers().contains_key("traceparent"));
    let invalid = server
        .get("/hello/Ada")
        .header("traceparent", "00-x-y-z")
        .send()
        .await
        .unwrap();
    assert!(!invalid.headers().contains_key("traceparent"));
}
