//! The example `hello` is the complete service that it claims to be.

use nix::sys::signal::Signal;

use crate::server::Server;

#[tokio::test]
async fn hello_responds_drains_and_logs_one_line_a_request() {
    let mut server = Server::start(&[]).await;
    let response = server.get("/hello/Ada").send().await.unwrap();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(response.text().await.unwrap(), "Hello, Ada!");
    let line = server.log_line("its line", |line| line["request_id"] == id).await;
    assert_eq!(line["route"], "/hello/{name}");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), 200, "{path}");
    }
    server.signal(Signal::SIGTERM);
    server
        .log_line("the line `draining`", |line| line["message"] == "draining")
        .await;
    assert_eq!(server.get("/readyz").send().await.unwrap().status(), 503);
    assert_eq!(server.ended().await.code(), Some(0));
}
