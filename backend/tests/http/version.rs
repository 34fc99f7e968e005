//! `GET /version`.

use crate::server::Server;

#[tokio::test]
async fn the_version_is_that_of_the_build_and_the_pod() {
    let server = Server::start(&[]).await;
    let version: serde_json::Value = server.get("/version").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        version,
        serde_json::json!({"version": "v7", "commit": "c0ffee", "pod": "pod-a"})
    );
}

#[tokio::test]
async fn a_get_endpoint_supports_head() {
    let server = Server::start(&[]).await;
    let response = server.client.head(server.url("/version")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.unwrap(), "");
}
