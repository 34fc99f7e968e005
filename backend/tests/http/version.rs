//! `GET /version` and `GET /api/replica`.

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
async fn a_replica_says_whether_it_is_ready() {
    for (flags, ready) in [(&[][..], true), (&["--never-ready"][..], false)] {
        let server = Server::start(flags).await;
        let replica: serde_json::Value = server.get("/api/replica").send().await.unwrap().json().await.unwrap();
        assert_eq!(
            replica,
            serde_json::json!({"pod": "pod-a", "version": "v7", "ready": ready, "platform": "kubernetes"})
        );
    }
}

#[tokio::test]
async fn a_replica_that_is_never_ready_fails_only_the_readiness_probe() {
    let server = Server::start(&["--never-ready"]).await;
    assert_eq!(server.get("/readyz").send().await.unwrap().status(), 503);
    assert_eq!(server.get("/healthz").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_get_endpoint_supports_head() {
    let server = Server::start(&[]).await;
    let response = server.client.head(server.url("/version")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.unwrap(), "");
}
