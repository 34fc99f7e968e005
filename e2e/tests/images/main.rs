//! The two images, run by Docker as the cluster runs them. `scripts/images v1` builds them first.
//!
//! Needs Docker: `cargo test --package e2e --features cluster`.
#![cfg(feature = "cluster")]

mod stage;

use anyhow::{Context, Result};
use api::{Answer, BuildInfo, Problem};
use reqwest::{Response, StatusCode, header};

use crate::stage::{Stage, docker, inspect};

fn values<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    response
        .headers()
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_images_run_as_a_numeric_ordinary_user_and_say_what_they_are() -> Result<()> {
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
async fn the_images_are_small() -> Result<()> {
    let backend = inspect("k8s-demo-backend:v1").await?["Size"].as_u64().unwrap();
    assert!(backend <= 5_000_000, "{backend} bytes");
    // What we add to the base: the page, its compressed twin, the configuration.
    let added = docker(&[
        "history",
        "--human=false",
        "--format={{.Size}} {{.CreatedBy}}",
        "k8s-demo-frontend:v1",
    ])
    .await?;
    let ours = added.lines().take_while(|line| !line.contains("CMD [\"nginx\""));
    let bytes: u64 = ours
        .map(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    assert!(bytes > 0 && bytes < 500_000, "{bytes} bytes");
    Ok(())
}

#[tokio::test]
async fn the_backend_tells_the_version_and_the_commit_that_it_was_built_with() -> Result<()> {
    let stage = Stage::new("version").await?;
    let url = stage.backend().await?;
    let build: BuildInfo = stage.http.get(format!("{url}/version")).send().await?.json().await?;
    let labels = inspect("k8s-demo-backend:v1").await?["Config"]["Labels"].clone();
    assert_eq!(build.version, "v1");
    assert_eq!(build.commit, labels["org.opencontainers.image.revision"]);
    Ok(())
}

#[tokio::test]
async fn every_response_of_the_frontend_bears_the_security_headers_once() -> Result<()> {
    let stage = Stage::new("headers").await?;
    stage.backend().await?;
    let url = stage.frontend().await?;
    stage.submit_until(&url, StatusCode::OK).await?;
    for (path, status) in [
        ("/", 200),
        ("/healthz", 200),
        ("/no-such-file", 404),
        ("/api/no-such-path", 404),
    ] {
        let response = stage.http.get(format!("{url}{path}")).send().await?;
        assert_eq!(response.status(), status, "{path}");
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "permissions-policy",
            "x-request-id",
        ] {
            assert_eq!(values(&response, name).len(), 1, "{path}: {name}");
        }
        assert_eq!(values(&response, "server"), ["nginx"], "{path}");
        let policy = values(&response, "content-security-policy")[0];
        assert!(
            policy.contains("'wasm-unsafe-eval'") && !policy.contains("unsafe-inline"),
            "{policy}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn hashed_files_are_kept_for_good_and_the_page_is_asked_for_again_and_both_travel_compressed() -> Result<()> {
    let stage = Stage::new("cache").await?;
    let url = stage.frontend().await?;
    let get = async |path: &str| {
        stage
            .http
            .get(format!("{url}{path}"))
            .header("accept-encoding", "gzip")
            .send()
            .await
    };
    let page = stage.http.get(&url).send().await?.text().await?;
    let (_, after) = page
        .split_once("href=\"/frontend-")
        .context("the page names its script")?;
    let script = format!("/frontend-{}", after.split_once('"').context("an attribute ends")?.0);
    for (path, cache_control) in [("/", "no-cache"), (&script, "public, max-age=31536000, immutable")] {
        let response = get(path).await?;
        assert_eq!(values(&response, "cache-control"), [cache_control], "{path}");
        assert_eq!(values(&response, "content-encoding"), ["gzip"], "{path}");
        assert_eq!(values(&response, "vary"), ["Accept-Encoding"], "{path}");
    }
    let missing = get("/frontend-0123456789abcdef.js").await?;
    assert_eq!(missing.status(), 404);
    assert!(
        values(&missing, "cache-control").is_empty(),
        "another pod may have it during a rollout"
    );
    Ok(())
}

#[tokio::test]
async fn the_frontend_starts_without_a_backend_and_finds_it_when_it_comes_and_when_it_comes_again() -> Result<()> {
    let stage = Stage::new("away").await?;
    let url = stage.frontend().await?;
    for _ in 0..2 {
        let response = stage.submit_until(&url, StatusCode::BAD_GATEWAY).await?;
        assert_eq!(values(&response, header::CONTENT_TYPE.as_str()), [Problem::MEDIA_TYPE]);
        assert_eq!(values(&response, "x-request-id"), ["test-1"]);
        let problem: Problem = response.json().await?;
        assert_eq!((problem.status, problem.title.as_str()), (502, "Bad Gateway"));

        stage.backend().await?; // with another address every time
        let response = stage.submit_until(&url, StatusCode::OK).await?;
        assert_eq!(values(&response, "x-request-id"), ["test-1"]);
        let answer: Answer = response.json().await?;
        assert!(answer.message.contains("Ada") && answer.version == "v1");
        stage.stop("k8s-demo-backend-service").await?;
    }
    Ok(())
}
