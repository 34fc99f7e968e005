//! The two images, run by Docker as the cluster runs them. `scripts/images v1` builds them first.
//!
//! Needs Docker: `cargo test --package e2e --features cluster`.
#![cfg(feature = "cluster")]

mod front_door;
mod page;
mod stage;

use anyhow::{Context, Result};
use api::{BuildInfo, Problem, Submission, SubmissionResponse, path};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};

use crate::stage::{Stage, inspect};

/// All values that a response has for a header.
fn values<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let values = response.headers().get_all(name).iter();
    values.filter_map(|value| value.to_str().ok()).collect()
}

fn submission(http: &Client, frontend: &str) -> RequestBuilder {
    let request = http.post(format!("{frontend}{}", path::SUBMISSIONS));
    request
        .json(&Submission { name: "Ada".to_owned() })
        .header("x-request-id", "test-1")
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
    // The layers on top of the base image: the page, its compressed twins, the configuration.
    let base = inspect("nginxinc/nginx-unprivileged:1.30-alpine-slim").await?["Size"]
        .as_u64()
        .unwrap();
    let frontend = inspect("k8s-demo-frontend:v1").await?["Size"].as_u64().unwrap();
    let added = frontend - base;
    assert!(added > 0 && added < 500_000, "{added} bytes");
    Ok(())
}

#[tokio::test]
async fn the_backend_tells_the_version_and_the_commit_that_it_was_built_with() -> Result<()> {
    let stage = Stage::new("version").await?;
    let backend = stage.backend().await?;
    let build: BuildInfo = reqwest::get(format!("{}/version", backend.url)).await?.json().await?;
    let labels = inspect("k8s-demo-backend:v1").await?["Config"]["Labels"].clone();
    assert_eq!(build.version, "v1");
    assert_eq!(build.commit, labels["org.opencontainers.image.revision"]);
    Ok(())
}

#[tokio::test]
async fn every_response_of_the_frontend_bears_the_security_headers_once() -> Result<()> {
    let stage = Stage::new("headers").await?;
    stage.backend().await?;
    let url = stage.frontend(&[]).await?.url;
    stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
    for (path, status) in [
        ("/", 200),
        ("/healthz", 200),
        ("/no-such-file", 404),
        ("/api/no-such-path", 404),
    ] {
        let response = reqwest::get(format!("{url}{path}")).await?;
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
    let url = stage.frontend(&[]).await?.url;
    let page = reqwest::get(&url).await?.text().await?;
    let named = page
        .split_once("href=\"/frontend-")
        .context("the page names its script")?
        .1;
    let script = format!("/frontend-{}", named.split_once('"').context("an attribute ends")?.0);
    let for_good = "public, max-age=31536000, immutable";
    let accepted = [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5", "br"),
        ("gzip", "gzip"),
        ("gzip, br;q=0", "gzip"),
    ];
    for (path, cache_control, media_type) in [
        ("/", "no-cache", "text/html"),
        (&script, for_good, "application/javascript"),
    ] {
        let original = reqwest::get(format!("{url}{path}")).await?;
        assert_eq!(values(&original, "content-encoding"), [""; 0], "{path}");
        for (accept, encoding) in accepted {
            let request = stage.http.get(format!("{url}{path}")).header("accept-encoding", accept);
            let response = request.send().await?;
            assert_eq!(values(&response, "cache-control"), [cache_control], "{path}");
            assert_eq!(values(&response, "content-type"), [media_type], "{path}");
            assert_eq!(values(&response, "content-encoding"), [encoding], "{path}");
            assert_eq!(values(&response, "vary"), ["Accept-Encoding"], "{path}");
            assert!(response.content_length() < original.content_length(), "{path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_file_that_only_another_pod_has_is_fetched_from_there_and_one_that_none_has_is_not_found() -> Result<()> {
    let stage = Stage::new("sibling").await?;
    let old = stage.frontend(&[]).await?;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // Trunk writes the hash as a number, without leading zeros.
    let of_the_new_page = "frontend-12345.js";
    let volume = format!("--volume={file}:/usr/share/nginx/html/{of_the_new_page}:ro");
    stage.frontend(&[&volume]).await?;
    let get = |file: &str| {
        let url = format!("{}/{file}", old.url);
        move |http: &Client| http.get(&url)
    };
    let found = stage.until(StatusCode::OK, get(of_the_new_page)).await?;
    assert_eq!(values(&found, "cache-control"), ["public, max-age=31536000, immutable"]);
    assert_eq!(values(&found, "content-security-policy").len(), 1);
    assert_eq!(found.text().await?, std::fs::read_to_string(file)?);
    let missing = stage
        .until(StatusCode::NOT_FOUND, get("frontend-fedcba9876543210.js"))
        .await?;
    assert!(
        values(&missing, "cache-control").is_empty(),
        "it may be there in a moment"
    );
    Ok(())
}

#[tokio::test]
async fn the_frontend_starts_without_a_backend_and_finds_it_when_it_comes_and_when_it_comes_again() -> Result<()> {
    let stage = Stage::new("away").await?;
    let url = stage.frontend(&[]).await?.url;
    for _ in 0..2 {
        let response = stage
            .until(StatusCode::BAD_GATEWAY, |http| submission(http, &url))
            .await?;
        assert_eq!(values(&response, header::CONTENT_TYPE.as_str()), [Problem::MEDIA_TYPE]);
        assert_eq!(values(&response, "x-request-id"), ["test-1"]);
        let problem: Problem = response.json().await?;
        assert_eq!((problem.status, problem.title.as_str()), (502, "Bad Gateway"));

        let backend = stage.backend().await?; // with another address every time
        let response = stage.until(StatusCode::OK, |http| submission(http, &url)).await?;
        assert_eq!(values(&response, "x-request-id"), ["test-1"]);
        let answer: SubmissionResponse = response.json().await?;
        assert!(answer.message.contains("Ada") && answer.version == "v1");
        backend.kill().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_callers_trace_goes_through_the_frontend_to_the_backend_and_back() -> Result<()> {
    let stage = Stage::new("trace").await?;
    stage.backend().await?;
    let url = stage.frontend(&[]).await?.url;
    let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = |http: &Client| submission(http, &url).header("traceparent", caller);
    let response = stage.until(StatusCode::OK, traced).await?;
    let [answered] = values(&response, "traceparent")[..] else {
        panic!("one traceparent rather than {:?}", response.headers());
    };
    assert!(
        answered.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "{answered}"
    );
    assert_ne!(answered, caller, "it bears the id of the backend's part");
    Ok(())
}
