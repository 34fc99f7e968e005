//! The layout: both colour schemes, every width.

use anyhow::Result;

use crate::stage::Stage;

#[tokio::test]
async fn the_page_follows_the_preferred_colour_scheme() -> Result<()> {
    let stage = Stage::with(&[]).await?;
    let lightness = "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])";
    stage.browser.devtools().prefer_colour_scheme("dark").await?;
    stage.browser.until("a dark page", &format!("{lightness} < 64")).await?;
    stage.browser.devtools().prefer_colour_scheme("light").await?;
    stage.browser.until("a light page", &format!("{lightness} > 192")).await
}

#[tokio::test]
async fn nothing_scrolls_horizontally_from_320_pixels() -> Result<()> {
    let stage = Stage::with(&[("k8s-demo-backend-deployment-5d8c7f9b6d-x7k2p", "v1")]).await?;
    stage.submit(&"W".repeat(64)).await?;
    stage.browser.until_shown("x7k2p").await?;
    stage.browser.click(".controls button").await?;
    stage
        .browser
        .until("a replica is shown", "document.querySelector('.names li')")
        .await?;
    let too_wide = "(page => page.scrollWidth - page.clientWidth)(document.documentElement)";
    for width in [320, 375, 768, 960, 1280, 2560] {
        stage.browser.devtools().resize(width, 800).await?;
        assert_eq!(stage.browser.value(too_wide).await?, 0, "at a width of {width} pixels");
    }
    Ok(())
}
