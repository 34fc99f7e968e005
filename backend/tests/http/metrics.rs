//! The metrics of this application.

use serde_json::Value;

use crate::server::Server;

async fn scrape(server: &Server) -> String {
    server.get("/metrics").send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn the_build_and_the_drain_are_metrics_under_their_documented_names() {
    let server = Server::start(&[]).await;
    let metrics = scrape(&server).await;
    for sample in [
        "backend_draining 0",
        r#"backend_build_info{commit="c0ffee",version="v7"} 1"#,
    ] {
        assert!(metrics.lines().any(|line| line == sample), "{sample} in {metrics}");
    }
}

#[tokio::test]
async fn every_route_is_counted_as_itself() {
    let server = Server::start(&[]).await;
    let description: Value = server.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    let routes: Vec<_> = description["paths"].as_object().unwrap().keys().collect();
    for route in &routes {
        server.get(route).send().await.unwrap();
    }
    let metrics = scrape(&server).await;
    for route in routes {
        let count = format!(r#"_count{{method="GET",route="{route}","#);
        assert!(metrics.contains(&count), "{count} in {metrics}");
    }
}
