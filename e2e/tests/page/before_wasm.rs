//! The page before its WebAssembly has arrived, and without any script.

use anyhow::Result;

use crate::stage::Stage;

#[tokio::test]
async fn without_any_script_the_form_is_sent_by_the_browser_and_answered_in_the_same_design() -> Result<()> {
    let stage = Stage::before_the_page(&[("backend-a", "v1")]).await?;
    stage.browser.devtools().forbid_scripts().await?;
    stage.browser.open(&stage.page.url).await?;
    stage.browser.click("#name").await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Hello, Ada").await?;
    stage.browser.until_shown("backend-a").await?;
    let sheet = "document.styleSheets[0].href.endsWith('/style.css') && document.styleSheets[0].cssRules.length > 10";
    assert_eq!(stage.browser.value(sheet).await?, true);
    Ok(())
}

#[tokio::test]
async fn without_any_script_an_invalid_name_is_explained_and_stays_typed() -> Result<()> {
    let stage = Stage::before_the_page(&[("backend-a", "v1")]).await?;
    stage.browser.devtools().forbid_scripts().await?;
    stage.browser.open(&stage.page.url).await?;
    stage.browser.click("#name").await?;
    let long = "x".repeat(65);
    stage.submit(&long).await?;
    stage
        .browser
        .until_shown("Shorten the name to at most 64 characters; it has 65.")
        .await?;
    assert_eq!(
        stage.browser.value("document.querySelector('#name').value").await?,
        *long
    );
    Ok(())
}

#[tokio::test]
async fn what_was_typed_before_the_webassembly_arrived_is_still_there_after() -> Result<()> {
    let stage = Stage::before_the_page(&[("backend-a", "v1")]).await?;
    stage.page.hold_webassembly(true);
    stage.browser.open(&stage.page.url).await?;
    stage.browser.press("Ada Lov").await?;
    assert_eq!(
        stage
            .browser
            .value("performance.getEntriesByName('hydrated').length")
            .await?,
        0
    );

    stage.page.hold_webassembly(false);
    stage.browser.until_taken_over().await?;
    stage.submit("elace").await?;
    stage.browser.until_shown("Hello, Ada Lovelace").await
}

#[tokio::test]
async fn a_form_sent_before_the_webassembly_arrived_is_answered_too() -> Result<()> {
    let stage = Stage::before_the_page(&[("backend-a", "v1")]).await?;
    stage.page.hold_webassembly(true);
    stage.browser.open(&stage.page.url).await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Hello, Ada").await
}
