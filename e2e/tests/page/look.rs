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
async fn the_longest_name_is_shown_as_a_whole_and_moves_nothing() -> Result<()> {
    let stage = Stage::with(&[("k8s-demo-backend-deployment-5d8c7f9b6d-x7k2p", "v1")]).await?;
    let place = "document.querySelector('.experiments').getBoundingClientRect().top";
    let scrollers = "[...document.querySelectorAll('#page *')].filter(element => !element.matches('input')
        && ['auto', 'scroll', 'hidden'].includes(getComputedStyle(element).overflowY) && element.scrollHeight > element.clientHeight + 1).length";
    let longest = "W".repeat(64);
    for width in [375, 768, 1280, 2560] {
        stage.browser.devtools().resize(width, 800).await?;
        stage.submit("Ada").await?;
        stage
            .browser
            .until(
                "a short answer",
                "document.querySelector('.message')?.innerText.includes('Ada')",
            )
            .await?;
        let before = stage.browser.value(place).await?;
        stage.submit(&longest).await?;
        stage
            .browser
            .until(
                "a long answer",
                "document.querySelector('.message').innerText.includes('WWW')",
            )
            .await?;
        assert_eq!(stage.browser.value(scrollers).await?, 0, "at a width of {width} pixels");
        assert_eq!(
            stage.browser.value(place).await?,
            before,
            "at a width of {width} pixels"
        );
    }
    Ok(())
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
    let too_wide = "(page => Math.max(0, page.scrollWidth - page.clientWidth))(document.documentElement)";
    for width in [320, 375, 768, 960, 1280, 2560] {
        stage.browser.devtools().resize(width, 800).await?;
        assert_eq!(stage.browser.value(too_wide).await?, 0, "at a width of {width} pixels");
    }
    Ok(())
}
