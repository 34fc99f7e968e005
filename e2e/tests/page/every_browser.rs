//! The main behaviours in every browser engine.

use anyhow::Result;
use e2e::browser::Engine;

use crate::fixture::Fixture;

/// Makes a test of each function in each engine. WebKitGTK's are skipped where it is not installed: it is for Linux only.
macro_rules! in_every_browser {
    ($($test:ident),* $(,)?) => {
        in_every_browser! { @engine chromium Chromium $($test)* }
        in_every_browser! { @engine firefox Firefox $($test)* }
        in_every_browser! { @engine webkit WebKit $($test)* }
    };
    (@engine $module:ident $engine:ident $($test:ident)*) => {
        mod $module {
            use super::*;

            $(#[tokio::test]
            async fn $test() -> Result<()> {
                if Engine::$engine == Engine::WebKit && !Engine::WebKit.is_installed() {
                    eprintln!("skipped: WebKitGTK's driver and Xvfb are not installed");
                    return Ok(());
                }
                super::$test(Engine::$engine).await
            })*
        }
    };
}
pub(crate) use in_every_browser;

in_every_browser![
    the_form_shows_the_response_and_stays_ready_for_the_next_name,
    the_plain_form_works_before_the_webassembly_arrives,
    text_and_focus_stay_when_the_page_replaces_the_plain_form,
    the_page_counts_and_shows_a_rollout,
    an_outage_comes_before_every_other_message,
    the_webassembly_is_fetched_once,
];

pub const V1: (&str, &str) = ("backend-1-aaaaa", "v1");
pub const V2: (&str, &str) = ("backend-2-bbbbb", "v2");

/// Whether the browser has submitted the plain form: the document is then the backend's response.
pub const SENT_BY_THE_BROWSER: &str = "location.pathname === '/api/submissions'";

const ANSWERED: &str = "Number(document.querySelector('[data-figure=answered] dd')?.textContent)";

/// Opens the page after `script` has run in it, without waiting until it is interactive.
pub async fn open_with(engine: Engine, script: &str) -> Result<Fixture> {
    let fixture = Fixture::before_load(engine, &[V1]).await?;
    fixture.page.inject(script);
    fixture.browser.open(&fixture.page.url).await?;
    Ok(fixture)
}

impl Fixture {
    pub async fn start_load(&self) -> Result<()> {
        self.browser.click(".controls button").await?;
        self.browser
            .until("submissions are answered", &format!("{ANSWERED} > 5"))
            .await
    }

    pub async fn assert_sent_by_the_browser(&self, name: &str) -> Result<()> {
        self.browser.click("#name").await?;
        self.submit(name).await?;
        self.browser.until_shown(&format!("Hello, {name}")).await?;
        assert_eq!(self.browser.value(SENT_BY_THE_BROWSER).await?, true);
        Ok(())
    }
}

async fn the_form_shows_the_response_and_stays_ready_for_the_next_name(engine: Engine) -> Result<()> {
    let fixture = open_with(engine, "").await?;
    fixture.browser.until_interactive().await?;
    fixture.browser.click("#name").await?;
    fixture.submit("Ada").await?;
    for shown in ["Hello, Ada", V1.0, V1.1] {
        fixture.browser.until_shown(shown).await?;
    }
    fixture.submit("Grace").await?;
    fixture.browser.until_shown("Hello, Grace").await?;
    assert_eq!(fixture.browser.value(SENT_BY_THE_BROWSER).await?, false);
    Ok(())
}

async fn the_plain_form_works_before_the_webassembly_arrives(engine: Engine) -> Result<()> {
    let fixture = Fixture::before_load(engine, &[V1]).await?;
    fixture.page.hold_webassembly(true);
    fixture.browser.open(&fixture.page.url).await?;
    fixture.assert_sent_by_the_browser("Ada").await
}

async fn text_and_focus_stay_when_the_page_replaces_the_plain_form(engine: Engine) -> Result<()> {
    let fixture = Fixture::before_load(engine, &[V1]).await?;
    fixture.page.hold_webassembly(true);
    fixture.browser.open(&fixture.page.url).await?;
    fixture.browser.click("#name").await?;
    fixture.browser.press("Ada Lov").await?;
    fixture.page.hold_webassembly(false);
    fixture.browser.until_interactive().await?;
    fixture.submit("elace").await?;
    fixture.browser.until_shown("Hello, Ada Lovelace").await
}

async fn the_page_counts_and_shows_a_rollout(engine: Engine) -> Result<()> {
    let mut fixture = open_with(engine, "").await?;
    fixture.browser.until_interactive().await?;
    fixture.start_load().await?;
    fixture.add(V2.0, V2.1).await?;
    fixture.browser.until_shown("v2 is taking over").await?;
    fixture.only_newest();
    fixture.browser.until_shown("v2 took over in").await?;
    let lost = fixture
        .browser
        .value("document.querySelector('[data-figure=lost] dd').textContent")
        .await?;
    assert_eq!(lost, "0");
    Ok(())
}

async fn an_outage_comes_before_every_other_message(engine: Engine) -> Result<()> {
    let mut fixture = open_with(engine, "").await?;
    fixture.browser.until_interactive().await?;
    fixture.start_load().await?;
    fixture.kill_oldest().await?;
    fixture.browser.until_shown("No replica answers, for ").await?;
    let lost = "Number(document.querySelector('[data-figure=lost] dd span').textContent) > 0";
    fixture.browser.until("submissions are lost", lost).await?;
    fixture.add(V2.0, V2.1).await?;
    fixture.browser.until_shown(" lost. 1 replica answers").await
}

async fn the_webassembly_is_fetched_once(engine: Engine) -> Result<()> {
    let fixture = open_with(engine, "").await?;
    fixture.browser.until_interactive().await?;
    assert_eq!(fixture.page.webassembly_requests(), 1);
    Ok(())
}
