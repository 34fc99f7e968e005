//! How nginx serves the page's files.

use anyhow::{Context, Result};
use reqwest::{Client, StatusCode, header};
use tokio::task::JoinSet;

use crate::{network::Network, submission, values};

/// A hashed name that no pod has. Trunk writes the hash as a number, without leading zeros.
const UNKNOWN: &str = "frontend-abc.js";

#[tokio::test]
async fn every_response_has_each_security_header_once() -> Result<()> {
    let network = Network::new("headers").await?;
    network.backend().await?;
    let url = network.frontend(&[]).await?.url;
    network.until(StatusCode::OK, |http| submission(http, &url)).await?;
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
async fn hashed_files_are_cached_forever_and_the_page_is_not_and_both_are_compressed() -> Result<()> {
    let network = Network::new("cache").await?;
    let url = network.frontend(&[]).await?.url;
    let page = reqwest::get(&url).await?.text().await?;
    let named = page
        .split_once("href=\"./frontend-")
        .context("the page names its script")?
        .1;
    let script = format!("/frontend-{}", named.split_once('"').context("an attribute ends")?.0);
    let cached = "public, max-age=31536000, immutable";
    let encodings = [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5", "br"),
        ("gzip", "gzip"),
        ("gzip, br;q=0", "gzip"),
    ];
    for (path, cache_control, media_type) in [
        ("/", "no-cache", "text/html"),
        (&script, cached, "application/javascript"),
    ] {
        let original = reqwest::get(format!("{url}{path}")).await?;
        assert_eq!(values(&original, "content-encoding"), [""; 0], "{path}");
        for (accept, encoding) in encodings {
            let request = network
                .http
                .get(format!("{url}{path}"))
                .header("accept-encoding", accept);
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
async fn a_file_that_only_another_pod_has_is_served_and_one_that_none_has_is_not_found() -> Result<()> {
    let network = Network::new("sibling").await?;
    let old = network.frontend(&[]).await?;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // Trunk writes the hash as a number, without leading zeros.
    let new_file = "frontend-12345.js";
    let volume = format!("--volume={file}:/usr/share/nginx/html/{new_file}:ro");
    network.frontend(&[&volume]).await?;
    let get = |file: &str| {
        let url = format!("{}/{file}", old.url);
        move |http: &Client| http.get(&url)
    };
    let found = network.until(StatusCode::OK, get(new_file)).await?;
    assert_eq!(values(&found, "cache-control"), ["public, max-age=31536000, immutable"]);
    assert_eq!(values(&found, "content-security-policy").len(), 1);
    assert_eq!(found.text().await?, std::fs::read_to_string(file)?);
    let missing = network
        .until(StatusCode::NOT_FOUND, get("frontend-fedcba9876543210.js"))
        .await?;
    assert!(
        values(&missing, "cache-control").is_empty(),
        "another pod may have it in a moment"
    );
    Ok(())
}

#[tokio::test]
async fn a_changed_page_is_never_taken_for_the_old_one() -> Result<()> {
    let network = Network::new("validators").await?;
    let url = network.frontend(&[]).await?.url;
    for path in ["/", "/style.css"] {
        // By modification time and size, a changed page could be equal to the old one.
        let response = network.http.get(format!("{url}{path}")).send().await?;
        for name in ["etag", "last-modified"] {
            assert_eq!(values(&response, name), [""; 0], "{path}: {name}");
        }
        let future = "Fri, 01 Jan 2100 00:00:00 GMT";
        let request = network.http.get(format!("{url}{path}"));
        let response = request.header(header::IF_MODIFIED_SINCE, future).send().await?;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_file_that_no_pod_has_costs_one_request_to_each() -> Result<()> {
    let network = Network::new("unknown").await?;
    // The sibling starts first: the other pod's first DNS response already names it.
    let (sibling, asked) = (network.frontend(&[]).await?, network.frontend(&[]).await?);
    let get = |http: &Client| http.get(format!("{}/{UNKNOWN}", asked.url));
    // Until nginx has resolved the name of its siblings.
    network.until(StatusCode::NOT_FOUND, get).await?;
    let before = sibling.requests_in_log(1).await?.len();
    assert_eq!(get(&network.http).send().await?.status(), StatusCode::NOT_FOUND);
    // The last one in the log is this one: a marker after it shows that nothing else came.
    network.http.get(format!("{}/robots.txt", sibling.url)).send().await?;
    let lines = sibling.requests_in_log(before + 2).await?;
    let statuses: Vec<_> = lines[before..].iter().map(|line| line["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(404), Some(200)]);
    Ok(())
}

#[tokio::test]
async fn made_up_file_names_are_limited_and_the_page_is_served_meanwhile() -> Result<()> {
    let network = Network::new("flood").await?;
    let asked = network.frontend(&[]).await?;
    network.frontend(&[]).await?;
    let get = |http: &Client| http.get(format!("{}/{UNKNOWN}", asked.url));
    network.until(StatusCode::NOT_FOUND, get).await?;
    let mut flood = JoinSet::new();
    for _ in 0..400 {
        flood.spawn(get(&network.http).send());
    }
    let page = network.http.get(&asked.url).send().await?;
    assert_eq!(page.status(), StatusCode::OK);
    let mut limited = 0;
    while let Some(response) = flood.join_next().await {
        // On a busy machine, Docker's proxy may close some of so many new connections: they show nothing.
        limited += usize::from(response?.is_ok_and(|response| response.status() == StatusCode::TOO_MANY_REQUESTS));
    }
    assert!(limited > 0, "every name was looked for");
    Ok(())
}

#[tokio::test]
async fn every_hashed_file_of_the_page_is_cached_and_no_other() -> Result<()> {
    let network = Network::new("hashed").await?;
    let frontend = network.frontend(&[]).await?;
    let files = frontend.files("/usr/share/nginx/html").await?;
    let mut hashed = 0;
    for file in &files {
        let response = network.http.get(format!("{}/{file}", frontend.url)).send().await?;
        let stem = file.split('.').next().context("a name")?.trim_end_matches("_bg");
        let (_, hash) = stem.rsplit_once('-').unwrap_or_default();
        let is_hashed = u64::from_str_radix(hash, 16).is_ok();
        hashed += usize::from(is_hashed);
        let cached = "public, max-age=31536000, immutable";
        let expected = if is_hashed { cached } else { "no-cache" };
        assert_eq!(values(&response, "cache-control"), [expected], "{file}");
    }
    assert!(hashed >= 2, "{files:?}");
    Ok(())
}
