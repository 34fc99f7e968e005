//! How the page looks: both colour schemes, every width.

use anyhow::Result;
use serde_json::Value;

use crate::stage::Stage;

#[tokio::test]
async fn the_page_is_light_or_dark_as_the_reader_prefers() -> Result<()> {
    let stage = Stage::with(&[]).await?;
    let lightness = "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])";
    stage.browser.devtools().prefer_colour_scheme("dark").await?;
    stage.browser.until("a dark page", &format!("{lightness} < 64")).await?;
    stage.browser.devtools().prefer_colour_scheme("light").await?;
    stage.browser.until("a light page", &format!("{lightness} > 192")).await
}

#[tokio::test]
async fn nothing_scrolls_sideways_from_320_pixels_on() -> Result<()> {
    let stage = Stage::with(&[("k8s-demo-backend-deployment-5d8c7f9b6d-x7k2p", "v1")]).await?;
    stage.submit(&"W".repeat(64)).await?;
    stage.browser.until_shown("x7k2p").await?;
    for width in [320, 375, 768, 1280, 2560] {
        stage.browser.devtools().resize(width, 800).await?;
        let needed = stage.browser.value("document.documentElement.scrollWidth").await?;
        assert_eq!(needed, Value::from(width), "at a width of {width} pixels");
    }
    Ok(())
}
