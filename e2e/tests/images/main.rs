//! The two images, run by Docker with the settings of the manifests. `scripts/images v1` builds them first.
//!
//! Needs Docker: `cargo test --package e2e --test images`.

mod connections;
mod container;
mod front_door;
mod log;
mod network;
mod page;
mod upstream;

use anyhow::Result;
use api::{BuildInfo, Submission, path};
use reqwest::{Client, RequestBuilder, Response};

use crate::{container::inspect, network::Network};

/// Returns all values of a response's header.
fn values<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let values = response.headers().get_all(name).iter();
    values.filter_map(|value| value.to_str().ok()).collect()
}

/// A submission through the frontend.
fn submission(http: &Client, frontend: &str) -> RequestBuilder {
    let request = http.post(format!("{frontend}{}", path::SUBMISSIONS));
    request
        .json(&Submission { name: "Ada".to_owned() })
        .header("x-request-id", "test-1")
}

#[tokio::test]
async fn the_images_are_small() -> Result<()> {
    let backend = inspect("k8s-demo-backend:v1").await?["Size"].as_u64().unwrap();
    assert!(backend <= 5_000_000, "{backend} bytes");
    // The layers on top of the base image: the page, its compressed twins, the configuration.
    let base = inspect("nginxinc/nginx-unprivileged:1.30-alpine-slim").await?["Size"]
        .as_u64()
        .unwrap();
    let frontend = inspect("k8s-demo-frontend:v1").await?["Size"].as_u64().unwrap();
    let added = frontend - base;
    assert!(added > 0 && added < 700_000, "{added} bytes");
    Ok(())
}

#[tokio::test]
async fn the_images_have_a_numeric_unprivileged_user_and_labels() -> Result<()> {
    for app in ["backend", "frontend"] {
        let image = inspect(&format!("k8s-demo-{app}:v1")).await?;
        let user = image["Config"]["User"].as_str().unwrap().split(':').next().unwrap();
        assert!(user.parse::<u32>()? > 0, "{user}");
        let labels = &image["Config"]["Labels"];
        assert_eq!(labels["org.opencontainers.image.title"], format!("k8s-demo-{app}"));
        assert_eq!(labels["org.opencontainers.image.version"], "v1");
        assert_ne!(labels["org.opencontainers.image.revision"], "");
    }
    Ok(())
}

#[tokio::test]
async fn the_backend_responds_with_the_version_and_commit_of_its_build() -> Result<()> {
    let network = Network::new("version").await?;
    let backend = network.backend().await?;
    let build: BuildInfo = reqwest::get(format!("{}/version", backend.url)).await?.json().await?;
    let labels = inspect("k8s-demo-backend:v1").await?["Config"]["Labels"].clone();
    assert_eq!(build.version, "v1");
    assert_eq!(build.commit, labels["org.opencontainers.image.revision"]);
    Ok(())
}
