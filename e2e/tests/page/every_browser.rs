//! The main behaviours in every browser engine, and what surrounds a page: extensions, translators, missing features.

use anyhow::Result;
use e2e::browser::Engine;
use serde_json::json;

use crate::stage::Stage;

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

in_every_browser![
    the_form_shows_the_response_and_stays_ready_for_the_next_name,
    the_plain_form_works_before_the_webassembly_arrives,
    text_and_focus_stay_when_the_page_replaces_the_plain_form,
    the_page_counts_and_shows_a_rollout,
    an_outage_comes_before_every_other_message,
    the_webassembly_is_fetched_once,
    an_element_that_a_password_manager_inserts_breaks_nothing,
    missing_abort_signal_functions_break_nothing,
    without_webassembly_the_plain_form_works_and_there_is_no_board,
    a_page_that_cannot_be_rendered_leaves_the_plain_form,
    an_exception_in_a_request_brings_the_plain_form_back,
    a_request_that_never_ends_times_out,
    translated_texts_stay_up_to_date,
];

const V1: (&str, &str) = ("backend-1-aaaaa", "v1");
const V2: (&str, &str) = ("backend-2-bbbbb", "v2");

/// Whether the browser has submitted the plain form: the document is then the backend's response.
const SENT_BY_THE_BROWSER: &str = "location.pathname === '/api/submissions'";

const ANSWERED: &str = "Number(document.querySelector('[data-figure=answered] dd')?.textContent)";

/// Opens the page after `script` has run in it, without waiting until it is interactive.
async fn open_with(engine: Engine, script: &str) -> Result<Stage> {
    let stage = Stage::before_load(engine, &[V1]).await?;
    stage.page.inject(script);
    stage.browser.open(&stage.page.url).await?;
    Ok(stage)
}

impl Stage {
    async fn start_load(&self) -> Result<()> {
        self.browser.click(".controls button").await?;
        self.browser
            .until("submissions are answered", &format!("{ANSWERED} > 5"))
            .await
    }

    async fn assert_sent_by_the_browser(&self, name: &str) -> Result<()> {
        self.browser.click("#name").await?;
        self.submit(name).await?;
        self.browser.until_shown(&format!("Hello, {name}")).await?;
        assert_eq!(self.browser.value(SENT_BY_THE_BROWSER).await?, true);
        Ok(())
    }
}

async fn the_form_shows_the_response_and_stays_ready_for_the_next_name(engine: Engine) -> Result<()> {
    let stage = open_with(engine, "").await?;
    stage.browser.until_interactive().await?;
    stage.browser.click("#name").await?;
    stage.submit("Ada").await?;
    for shown in ["Hello, Ada", V1.0, V1.1] {
        stage.browser.until_shown(shown).await?;
    }
    stage.submit("Grace").await?;
    stage.browser.until_shown("Hello, Grace").await?;
    assert_eq!(stage.browser.value(SENT_BY_THE_BROWSER).await?, false);
    Ok(())
}

async fn the_plain_form_works_before_the_webassembly_arrives(engine: Engine) -> Result<()> {
    let stage = Stage::before_load(engine, &[V1]).await?;
    stage.page.hold_webassembly(true);
    stage.browser.open(&stage.page.url).await?;
    stage.assert_sent_by_the_browser("Ada").await
}

async fn text_and_focus_stay_when_the_page_replaces_the_plain_form(engine: Engine) -> Result<()> {
    let stage = Stage::before_load(engine, &[V1]).await?;
    stage.page.hold_webassembly(true);
    stage.browser.open(&stage.page.url).await?;
    stage.browser.click("#name").await?;
    stage.browser.press("Ada Lov").await?;
    stage.page.hold_webassembly(false);
    stage.browser.until_interactive().await?;
    stage.submit("elace").await?;
    stage.browser.until_shown("Hello, Ada Lovelace").await
}

async fn the_page_counts_and_shows_a_rollout(engine: Engine) -> Result<()> {
    let mut stage = open_with(engine, "").await?;
    stage.browser.until_interactive().await?;
    stage.start_load().await?;
    stage.add(V2.0, V2.1).await?;
    stage.browser.until_shown("v2 is taking over").await?;
    stage.only_newest();
    stage.browser.until_shown("v2 took over in").await?;
    let lost = stage
        .browser
        .value("document.querySelector('[data-figure=lost] dd').textContent")
        .await?;
    assert_eq!(lost, "0");
    Ok(())
}

async fn an_outage_comes_before_every_other_message(engine: Engine) -> Result<()> {
    let mut stage = open_with(engine, "").await?;
    stage.browser.until_interactive().await?;
    stage.start_load().await?;
    stage.kill_oldest().await?;
    stage.browser.until_shown("No replica answers, for ").await?;
    let lost = "Number(document.querySelector('[data-figure=lost] dd span').textContent) > 0";
    stage.browser.until("submissions are lost", lost).await?;
    stage.add(V2.0, V2.1).await?;
    stage.browser.until_shown(" lost. 1 replica answers").await
}

async fn the_webassembly_is_fetched_once(engine: Engine) -> Result<()> {
    let stage = open_with(engine, "").await?;
    stage.browser.until_interactive().await?;
    assert_eq!(stage.page.webassembly_requests(), 1);
    Ok(())
}

async fn an_element_that_a_password_manager_inserts_breaks_nothing(engine: Engine) -> Result<()> {
    let stage = open_with(
        engine,
        "new MutationObserver((_, observer) => {
            const field = document.querySelector('#name');
            if (!field) return;
            field.after(document.createElement('div'));
            observer.disconnect();
        }).observe(document, { subtree: true, childList: true });",
    )
    .await?;
    stage.browser.until_interactive().await?;
    stage.browser.click("#name").await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Hello, Ada").await?;
    assert_eq!(stage.browser.value(SENT_BY_THE_BROWSER).await?, false);
    // Again, now that the page is interactive.
    let insert = "document.querySelector('#name').after(document.createElement('div'))";
    stage.browser.value(insert).await?;
    stage.submit("x".repeat(65).as_str()).await?;
    stage.browser.until_shown("Shorten the name").await
}

async fn missing_abort_signal_functions_break_nothing(engine: Engine) -> Result<()> {
    let stage = open_with(engine, "delete AbortSignal.any; delete AbortSignal.timeout;").await?;
    stage.browser.until_interactive().await?;
    stage.start_load().await?;
    stage.browser.click("#name").await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Hello, Ada").await
}

async fn without_webassembly_the_plain_form_works_and_there_is_no_board(engine: Engine) -> Result<()> {
    let stage = open_with(engine, "delete window.WebAssembly;").await?;
    stage
        .browser
        .until("the page has loaded", "document.readyState === 'complete'")
        .await?;
    assert_eq!(
        stage.browser.value("document.querySelector('.experiments')").await?,
        json!(null)
    );
    stage
        .browser
        .until_shown("The live view of the cluster is missing")
        .await?;
    stage.assert_sent_by_the_browser("Ada").await
}

async fn a_page_that_cannot_be_rendered_leaves_the_plain_form(engine: Engine) -> Result<()> {
    let stage = open_with(
        engine,
        "addEventListener('error', () => { window.failed = true; });
        const append = Node.prototype.appendChild, insert = Node.prototype.insertBefore;
        const fail = node => { if (node.nodeName === 'FORM') throw new Error('injected'); };
        Node.prototype.appendChild = function (node) { fail(node); return append.call(this, node); };
        Node.prototype.insertBefore = function (node, next) { fail(node); return insert.call(this, node, next); };",
    )
    .await?;
    stage.browser.until("the failure surfaces", "window.failed").await?;
    stage.assert_sent_by_the_browser("Ada").await
}

async fn an_exception_in_a_request_brings_the_plain_form_back(engine: Engine) -> Result<()> {
    let stage = open_with(
        engine,
        "const real = fetch;
        window.fetch = (request, ...rest) => {
            if (String(request.url ?? request).includes('/api/submissions')) throw new Error('injected');
            return real(request, ...rest);
        };",
    )
    .await?;
    stage.browser.until_interactive().await?;
    stage.browser.click("#name").await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Something in this page failed.").await?;
    assert_eq!(
        stage.browser.value("document.querySelector('#name').value").await?,
        "Ada"
    );
    stage.browser.click("#name").await?;
    stage.browser.press_enter().await?;
    stage.browser.until_shown("Hello, Ada").await?;
    assert_eq!(stage.browser.value(SENT_BY_THE_BROWSER).await?, true);
    Ok(())
}

async fn a_request_that_never_ends_times_out(engine: Engine) -> Result<()> {
    let stage = open_with(
        engine,
        "const real = fetch;
        window.fetch = (request, ...rest) =>
            String(request.url ?? request).includes('/api/') ? new Promise(() => {}) : real(request, ...rest);",
    )
    .await?;
    stage.browser.until_interactive().await?;
    stage.record_outcomes().await?;
    stage.browser.click("#name").await?;
    stage.submit("Ada").await?;
    stage
        .until_outcome("did not answer within 3 seconds. Trying again")
        .await
}

/// Translates as browsers do: wraps every text that is not marked `translate="no"` in elements of its own.
const TRANSLATE: &str = "
    const translate = root => {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        const found = [];
        while (texts.nextNode()) found.push(texts.currentNode);
        for (const text of found) {
            const parent = text.parentElement;
            if (!text.data.trim() || !parent || parent.closest('[translate=no], font, script, style')) continue;
            const outer = document.createElement('font'), inner = document.createElement('font');
            inner.textContent = text.data;
            outer.append(inner);
            text.replaceWith(outer);
        }
    };
    const observer = new MutationObserver(changes => {
        for (const { addedNodes } of changes) {
            for (const node of addedNodes) if (node.isConnected) translate(node.parentElement ?? node);
        }
    });
    addEventListener('DOMContentLoaded', () => {
        translate(document.body);
        observer.observe(document.body, { subtree: true, childList: true });
    });";

async fn translated_texts_stay_up_to_date(engine: Engine) -> Result<()> {
    let mut stage = open_with(engine, TRANSLATE).await?;
    stage.browser.until_interactive().await?;
    stage
        .browser
        .until("the page is translated", "document.querySelector('#page h1 font')")
        .await?;
    // An error message appears and goes.
    stage.browser.click("#name").await?;
    stage.browser.press_enter().await?;
    stage.browser.until_shown("Enter a name.").await?;
    stage
        .browser
        .until("the error is translated", "document.querySelector('#name-error font')")
        .await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Hello, Ada").await?;
    let errors = "document.querySelector('#name-error').textContent";
    assert_eq!(stage.browser.value(errors).await?, "");
    stage.submit("Grace").await?;
    stage.browser.until_shown("Hello, Grace").await?;
    let outcome = "document.querySelector('.outcome').textContent.match(/Hello/g).length";
    assert_eq!(stage.browser.value(outcome).await?, 1);
    // The board keeps counting, and its line follows a rollout.
    stage.start_load().await?;
    stage.browser.until_shown("Stop").await?;
    stage.add(V2.0, V2.1).await?;
    stage.browser.until_shown("v2 is taking over").await?;
    stage.only_newest();
    stage.browser.until_shown("v2 took over in").await?;
    let lines = "document.querySelectorAll('.banner > span[aria-hidden] > *').length";
    assert_eq!(stage.browser.value(lines).await?, 1);
    Ok(())
}
