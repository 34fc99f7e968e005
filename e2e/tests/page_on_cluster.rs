//! The application on the cluster that kubectl points at. `make deploy` comes first.
//!
//! Needs a cluster: `cargo test --package e2e --test page_on_cluster`. What rollouts and failures do to requests is tested by
//! `confidence`.

use std::path::Path;

use anyhow::Result;
use confidence::{
    cluster::{Access, Cluster},
    plan::Plan,
};
use e2e::browser::Browser;

const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../confidence/k8s-demo.toml");

#[tokio::test]
async fn the_page_of_the_cluster_shows_which_pod_answered() -> Result<()> {
    let plan = Plan::read(Path::new(PLAN))?;
    let cluster = Cluster::find(&Access::default(), &plan).await?;
    let browser = Browser::start().await?;
    browser
        .open_page(&cluster.address(&plan.routes[0], false).await?.to_string())
        .await?;
    browser.press("Ada Lovelace").await?;
    browser.press_enter().await?;
    for shown in ["Ada Lovelace", "k8s-demo-backend-", "v1"] {
        browser.until_shown(shown).await?;
    }
    assert_eq!(browser.devtools().errors().await?, Vec::<String>::new());
    Ok(())
}
