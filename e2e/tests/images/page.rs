//! How nginx serves the page's files.

use anyhow::{Context, Result};
use reqwest::{Client, StatusCode, header};
use tokio::task::JoinSet;

use crate::{stage::Stage, values};

/// A hashed name that no pod has. Trunk writes the hash as a number, without leading zeros.
const UNKNOWN: &str = "frontend-abc.js";

#[tokio::test]
async fn a_changed_page_is_never_taken_for_the_old_one() -> Result<()> {
    let stage = Stage::new("validators").await?;
    let url = stage.frontend(&[]).await?.url;
    for path in ["/", "/style.css"] {
        // By modification time and size, a changed page could be equal to the old one.
        let response = stage.http.get(format!("{url}{path}")).send().await?;
        for name in ["etag", "last-modified"] {
            assert_eq!(values(&response, name), [""; 0], "{path}: {name}");
        }
        let future = "Fri, 01 Jan 2100 00:00:00 GMT";
        let request = stage.http.get(format!("{url}{path}"));
        let response = request.header(header::IF_MODIFIED_SINCE, future).send().await?;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_file_that_no_pod_has_costs_one_request_to_each() -> Result<()> {
    let stage = Stage::new("unknown").await?;
    let (asked, sibling) = (stage.frontend(&[]).await?, stage.frontend(&[]).await?);
    let get = |http: &Client| http.get(format!("{}/{UNKNOWN}", asked.url));
    // Until nginx has resolved the name of its siblings.
    stage.until(StatusCode::NOT_FOUND, get).await?;
    let before = sibling.requests_in_log(1).await?.len();
    assert_eq!(get(&stage.http).send().await?.status(), StatusCode::NOT_FOUND);
    // The last one in the log is this one: a marker after it shows that nothing else came.
    stage.http.get(format!("{}/robots.txt", sibling.url)).send().await?;
    let lines = sibling.requests_in_log(before + 2).await?;
    let statuses: Vec<_> = lines[before..].iter().map(|line| line["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(404), Some(200)]);
    Ok(())
}

#[tokio::test]
async fn made_up_file_names_are_limited_and_the_page_is_served_meanwhile() -> Result<()> {
    let stage = Stage::new("flood").await?;
    let asked = stage.frontend(&[]).await?;
    stage.frontend(&[]).await?;
    let get = |http: &Client| http.get(format!("{}/{UNKNOWN}", asked.url));
    stage.until(StatusCode::NOT_FOUND, get).await?;
    let mut flood = JoinSet::new();
    for _ in 0..400 {
        flood.spawn(get(&stage.http).send());
    }
    let page = stage.http.get(&asked.url).send().await?;
    assert_eq!(page.status(), StatusCode::OK);
    let mut limited = 0;
    while let Some(response) = flood.join_next().await {
        limited += usize::from(response??.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(limited > 0, "every name was looked for");
    Ok(())
}

#[tokio::test]
async fn every_hashed_file_of_the_page_is_cached_and_no_other() -> Result<()> {
    let stage = Stage::new("hashed").await?;
    let frontend = stage.frontend(&[]).await?;
    let files = frontend.files("/usr/share/nginx/html").await?;
    let mut hashed = 0;
    for file in &files {
        let response = stage.http.get(format!("{}/{file}", frontend.url)).send().await?;
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
