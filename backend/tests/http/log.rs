//! One line a request, and nothing in it that a client could forge or a person typed.

use nix::sys::signal::Signal;

use crate::server::Server;

#[tokio::test]
async fn a_request_is_one_line_with_method_route_status_latency_and_id() {
    let mut server = Server::start(&[]).await;
    let request = server
        .submit("application/json", r#"{"name": "Ada"}"#)
        .header("x-request-id", "one");
    request.send().await.unwrap();
    let line = server
        .log_line("a line for the request", |line| line["request_id"] == "one")
        .await;
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["method"], "POST");
    assert_eq!(line["route"], "/api/submissions");
    assert_eq!(line["status"], 200);
    assert!(line["latency_us"].as_u64().unwrap() > 0);
    server.signal(Signal::SIGTERM);
    let more = server.rest_of_log().await;
    assert!(!more.iter().any(|line| line.contains("request_id")), "{more:?}");
}

#[tokio::test]
async fn probes_are_logged_at_debug_only() {
    for (level, lines) in [("info", 0), ("debug", 2)] {
        let mut server = Server::start(&["--log-level", level]).await;
        for path in ["/healthz", "/readyz"] {
            server.get(path).send().await.unwrap();
        }
        server.signal(Signal::SIGTERM);
        let log = server.rest_of_log().await;
        assert_eq!(
            log.iter().filter(|line| line.contains(r#""request_id""#)).count(),
            lines,
            "{log:?}"
        );
    }
}

#[tokio::test]
async fn neither_a_name_nor_a_path_nor_a_header_of_a_client_is_logged() {
    let mut server = Server::start(&["--log-level", "debug"]).await;
    let secret = "Rumpelstilzchen";
    let requests = [
        server.submit("application/json", format!(r#"{{"name": "{secret}"}}"#)),
        server.submit("application/json", format!(r#"{{"name": "{secret}\n"#)),
        server
            .submit("application/x-www-form-urlencoded", format!("name={secret}%00"))
            .header("accept", "text/html"),
        server.get(&format!("/{secret}%0a?{secret}")),
        server
            .get("/version")
            .header("x-request-id", format!("{secret} {secret}"))
            .header("user-agent", secret),
        server.client.request(secret.parse().unwrap(), server.url("/version")),
    ];
    let count = requests.len();
    for request in requests {
        request.send().await.unwrap();
    }
    server.signal(Signal::SIGTERM);
    let log = server.rest_of_log().await;
    assert_eq!(
        log.iter().filter(|line| line.contains(r#""request_id""#)).count(),
        count,
        "{log:?}"
    );
    assert!(!log.iter().any(|line| line.contains(secret)), "{log:?}");
}
