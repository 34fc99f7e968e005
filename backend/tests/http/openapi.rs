//! The description of the routes. `scripts/schemathesis` holds the running server against it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::server::Server;

#[tokio::test]
async fn every_route_and_every_problem_is_described() {
    let server = Server::start(&["--faults"]).await;
    let description: Value = server.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1."));
    let paths: BTreeSet<_> = description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let routes = [
        "/api/faults",
        "/api/replica",
        "/api/submissions",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/readyz",
        "/version",
    ];
    assert_eq!(paths, BTreeSet::from(routes));
    let responses = &description["paths"]["/api/submissions"]["post"]["responses"];
    for status in ["400", "408", "413", "415", "422", "431", "500"] {
        assert!(
            responses[status]["content"]["application/problem+json"].is_object(),
            "{status} in {responses}"
        );
    }
}
