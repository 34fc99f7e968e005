//! What surrounds the page, in every browser engine: extensions, translators, missing features, failures.

use anyhow::Result;
use e2e::browser::Engine;
use serde_json::json;

use crate::every_browser::{SENT_BY_THE_BROWSER, V2, in_every_browser, open_with};

in_every_browser![
    an_element_that_a_password_manager_inserts_breaks_nothing,
    missing_abort_signal_functions_break_nothing,
    without_webassembly_the_plain_form_works_and_there_is_no_board,
    a_page_that_cannot_be_rendered_leaves_the_plain_form,
    an_exception_in_a_request_brings_the_plain_form_back,
    a_request_that_never_ends_times_out,
    translated_texts_stay_up_to_date,
];

async fn an_element_that_a_password_manager_inserts_breaks_nothing(engine: Engine) -> Result<()> {
    let fixture = open_with(
        engine,
        "new MutationObserver((_, observer) => {
            const field = document.querySelector('#name');
            if (!field) return;
            field.after(document.createElement('div'));
            observer.disconnect();
        }).observe(document, { subtree: true, childList: true });",
    )
    .await?;
    fixture.browser.until_interactive().await?;
    fixture.browser.click("#name").await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    assert_eq!(fixture.browser.value(SENT_BY_THE_BROWSER).await?, false);
    // Again, now that the page is interactive.
    let insert = "document.querySelector('#name').after(document.createElement('div'))";
    fixture.browser.value(insert).await?;
    fixture.submit("x".repeat(65).as_str()).await?;
    fixture.browser.until_shown("Shorten the name").await
}

async fn missing_abort_signal_functions_break_nothing(engine: Engine) -> Result<()> {
    let fixture = open_with(engine, "delete AbortSignal.any; delete AbortSignal.timeout;").await?;
    fixture.browser.until_interactive().await?;
    fixture.start_load().await?;
    fixture.browser.click("#name").await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await
}

async fn without_webassembly_the_plain_form_works_and_there_is_no_board(engine: Engine) -> Result<()> {
    let fixture = open_with(engine, "delete window.WebAssembly;").await?;
    fixture
        .browser
        .until("the page has loaded", "document.readyState === 'complete'")
        .await?;
    assert_eq!(
        fixture.browser.value("document.querySelector('.experiments')").await?,
        json!(null)
    );
    fixture
        .browser
        .until_shown("The live view of the cluster is missing")
        .await?;
    fixture.assert_sent_by_the_browser("Ada").await
}

async fn a_page_that_cannot_be_rendered_leaves_the_plain_form(engine: Engine) -> Result<()> {
    let fixture = open_with(
        engine,
        "addEventListener('error', () => { window.failed = true; });
        const append = Node.prototype.appendChild, insert = Node.prototype.insertBefore;
        const fail = node => { if (node.nodeName === 'FORM') throw new Error('injected'); };
        Node.prototype.appendChild = function (node) { fail(node); return append.call(this, node); };
        Node.prototype.insertBefore = function (node, next) { fail(node); return insert.call(this, node, next); };",
    )
    .await?;
    fixture.browser.until("the failure surfaces", "window.failed").await?;
    fixture.assert_sent_by_the_browser("Ada").await
}

async fn an_exception_in_a_request_brings_the_plain_form_back(engine: Engine) -> Result<()> {
    let fixture = open_with(
        engine,
        "const real = fetch;
        window.fetch = (request, ...rest) => {
            if (String(request.url ?? request).includes('/api/submissions')) throw new Error('injected');
            return real(request, ...rest);
        };",
    )
    .await?;
    fixture.browser.until_interactive().await?;
    fixture.browser.click("#name").await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Something in this page failed.").await?;
    assert_eq!(
        fixture.browser.value("document.querySelector('#name').value").await?,
        "Ada"
    );
    fixture.browser.click("#name").await?;
    fixture.browser.press_enter().await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    assert_eq!(fixture.browser.value(SENT_BY_THE_BROWSER).await?, true);
    Ok(())
}

async fn a_request_that_never_ends_times_out(engine: Engine) -> Result<()> {
    let fixture = open_with(
        engine,
        "const real = fetch;
        window.fetch = (request, ...rest) =>
            String(request.url ?? request).includes('/api/') ? new Promise(() => {}) : real(request, ...rest);",
    )
    .await?;
    fixture.browser.until_interactive().await?;
    fixture.record_outcomes().await?;
    fixture.browser.click("#name").await?;
    fixture.submit("Ada").await?;
    fixture
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
    let mut fixture = open_with(engine, TRANSLATE).await?;
    fixture.browser.until_interactive().await?;
    fixture
        .browser
        .until("the page is translated", "document.querySelector('#page h1 font')")
        .await?;
    // An error message appears and goes.
    fixture.browser.click("#name").await?;
    fixture.browser.press_enter().await?;
    fixture.browser.until_shown("Enter a name.").await?;
    fixture
        .browser
        .until("the error is translated", "document.querySelector('#name-error font')")
        .await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    let errors = "document.querySelector('#name-error').textContent";
    assert_eq!(fixture.browser.value(errors).await?, "");
    fixture.submit("Grace").await?;
    fixture.browser.until_shown("Hello, Grace").await?;
    let outcome = "document.querySelector('.outcome').textContent.match(/Hello/g).length";
    assert_eq!(fixture.browser.value(outcome).await?, 1);
    // The board keeps counting, and its line follows a rollout.
    fixture.start_load().await?;
    fixture.browser.until_shown("Stop").await?;
    fixture.add(V2.0, V2.1).await?;
    fixture.browser.until_shown("v2 is taking over").await?;
    fixture.only_newest();
    fixture.browser.until_shown("v2 took over in").await?;
    let lines = "document.querySelectorAll('.banner > span[aria-hidden] > *').length";
    assert_eq!(fixture.browser.value(lines).await?, 1);
    Ok(())
}
