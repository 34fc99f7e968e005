//! What every response bears.

use crate::server::Server;

#[tokio::test]
async fn a_callers_request_id_is_kept_where_it_is_a_sane_one() {
    let server = Server::start(&[]).await;
    for id in ["1", "8f14e45f-ceea-467f-9d2b.0_Z", &"x".repeat(64)] {
        let response = server.get("/version").header("x-request-id", id).send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"], id);
    }
}

#[tokio::test]
async fn any_other_request_gets_an_id_of_its_own() {
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
async fn no_answer_is_cached_or_sniffed() {
    let server = Server::start(&[]).await;
    for path in ["/healthz", "/version", "/nowhere", "/api/submissions"] {
        let response = server.get(path).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}
