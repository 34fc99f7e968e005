//! The plain form: before the WebAssembly has arrived, and without any script.

use anyhow::Result;
use e2e::{browser::Engine, page_server::PREFIX};

use crate::fixture::Fixture;

/// The elements of the form with their attributes and texts, except for the entered name. URLs are resolved.
const FORM: &str = "[...document.querySelectorAll('#name-form, #name-form *')].map(element => [
    element.localName,
    element.childElementCount ? '' : element.textContent,
    ...[...element.attributes].map(({name, value}) =>
        name === 'autofocus' ? name : `${name}=${name === 'action' ? new URL(value, location) : value}`).sort()
        .filter(attribute => !attribute.startsWith('value=')),
].join(' '))";

#[tokio::test]
async fn without_script_the_browser_sends_the_form_and_gets_a_response_in_the_same_design() -> Result<()> {
    let fixture = Fixture::before_load(Engine::Chromium, &[("backend-a", "v1")]).await?;
    fixture.browser.devtools().forbid_scripts().await?;
    fixture.browser.open(&fixture.page.url).await?;
    let form = fixture.browser.value(FORM).await?;
    fixture.browser.click("#name").await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    fixture.browser.until_shown("backend-a").await?;
    assert_eq!(
        fixture.browser.value(FORM).await?,
        form,
        "the backend's form is another one"
    );
    let sheet = "document.styleSheets[0].href.endsWith('/style.css') && document.styleSheets[0].cssRules.length > 10";
    assert_eq!(fixture.browser.value(sheet).await?, true);
    Ok(())
}

#[tokio::test]
async fn the_page_works_under_a_path_prefix_with_and_without_script() -> Result<()> {
    let fixture = Fixture::before_load(Engine::Chromium, &[("backend-a", "v1")]).await?;
    let url = format!("{}{PREFIX}/", fixture.page.url);
    fixture.browser.open_page(&url).await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    assert_eq!(fixture.browser.value("location.href").await?, url);

    fixture.browser.devtools().forbid_scripts().await?;
    fixture.browser.open(&url).await?;
    for name in ["Grace", "Edsger"] {
        fixture.browser.click("#name").await?;
        fixture.submit(name).await?;
        fixture.browser.until_shown(&format!("Hello, {name}")).await?;
    }
    let sheet = "document.styleSheets[0].cssRules.length > 10";
    assert_eq!(fixture.browser.value(sheet).await?, true);
    Ok(())
}

#[tokio::test]
async fn without_script_the_name_stays_in_the_field_beside_its_validation_error() -> Result<()> {
    let fixture = Fixture::before_load(Engine::Chromium, &[("backend-a", "v1")]).await?;
    fixture.browser.devtools().forbid_scripts().await?;
    fixture.browser.open(&fixture.page.url).await?;
    fixture.browser.click("#name").await?;
    let long = "x".repeat(65);
    fixture.submit(&long).await?;
    fixture
        .browser
        .until_shown("Shorten the name to at most 64 characters; it has 65.")
        .await?;
    assert_eq!(
        fixture.browser.value("document.querySelector('#name').value").await?,
        *long
    );
    Ok(())
}

#[tokio::test]
async fn text_selection_and_focus_stay_when_the_page_replaces_the_plain_form() -> Result<()> {
    let fixture = Fixture::before_load(Engine::Chromium, &[("backend-a", "v1")]).await?;
    fixture.page.hold_webassembly(true);
    fixture.browser.open(&fixture.page.url).await?;
    fixture.browser.press("Ada Lov").await?;
    assert_eq!(
        fixture
            .browser
            .value("performance.getEntriesByName('interactive').length")
            .await?,
        0
    );

    fixture.page.hold_webassembly(false);
    fixture.browser.until_interactive().await?;
    fixture.submit("elace").await?;
    fixture.browser.until_shown("Hello, Ada Lovelace").await
}

#[tokio::test]
async fn a_form_submitted_before_the_webassembly_arrives_is_answered() -> Result<()> {
    let fixture = Fixture::before_load(Engine::Chromium, &[("backend-a", "v1")]).await?;
    fixture.page.hold_webassembly(true);
    fixture.browser.open(&fixture.page.url).await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await
}
