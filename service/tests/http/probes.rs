//! The requests of Kubernetes.

use crate::server::Server;

#[tokio::test]
async fn a_running_server_is_alive_and_ready() {
    let server = Server::start(&[]).await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn where_there_is_get_there_is_head() {
    let server = Server::start(&[]).await;
    let response = server.client.head(server.url("/small")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(response.text().await.unwrap(), "");
}
