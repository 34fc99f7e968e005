//! `GET /version`.

use crate::server::Server;

#[tokio::test]
async fn the_version_tells_which_build_runs_where() {
    let server = Server::start(&[]).await;
    let version: serde_json::Value = server.get("/version").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        version,
        serde_json::json!({"version": "v7", "commit": "c0ffee", "pod": "pod-a"})
    );
}

#[tokio::test]
async fn where_there_is_get_there_is_head() {
    let server = Server::start(&[]).await;
    let response = server.client.head(server.url("/version")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.unwrap(), "");
}
