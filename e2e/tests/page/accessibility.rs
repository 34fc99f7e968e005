//! Accessibility: axe-core finds no violation of the guidelines (WCAG) in any state of the page.

use std::path::Path;

use anyhow::{Context, Result};
use e2e::browser::Engine;
use serde_json::Value;

use crate::{fixture::Fixture, stand_in};

const V1: (&str, &str) = ("backend-1-aaaaa", "v1");
const V2: (&str, &str) = ("backend-2-bbbbb", "v2");

impl Fixture {
    /// Asserts that axe-core finds nothing in either colour scheme.
    async fn assert_accessible(&self, state: &str) -> Result<()> {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).context("axe-core is missing: type `scripts/setup axe` first")?;
        for scheme in ["light", "dark"] {
            self.browser.devtools().prefer_colour_scheme(scheme).await?;
            // Halfway through a transition, a colour is neither that of the old state nor that of the new one.
            let script = format!(
                "{axe}; const done = arguments[0]; \
                 document.styleSheets[0].insertRule('* {{ transition: none !important }}'); \
                 axe.run().then(({{ violations, passes }}) => done({{ violations, passed: passes.length }}), done)"
            );
            let found = self.browser.run(&script).await?;
            assert!(found["passed"].as_u64() > Some(10), "axe-core has run: {found}");
            let violations = described(&found["violations"]);
            assert!(violations.is_empty(), "{state}, {scheme}:\n{}", violations.join("\n"));
        }
        Ok(())
    }
}

fn described(violations: &Value) -> Vec<String> {
    let violations = violations.as_array().map(Vec::as_slice).unwrap_or_default();
    let describe = |violation: &Value| format!("{}: {}", violation["help"], violation["nodes"][0]["failureSummary"]);
    violations.iter().map(describe).collect()
}

#[tokio::test]
async fn the_form_is_accessible_in_every_state() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    fixture.assert_accessible("untouched").await?;
    fixture.browser.press_enter().await?;
    fixture.browser.until_shown("Enter a name.").await?;
    fixture.assert_accessible("an invalid name").await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    fixture.assert_accessible("answered").await?;
    let hanging = stand_in::that_hangs()?;
    fixture.page.set_replicas([hanging.local_addr()?]);
    fixture.browser.click("form button").await?;
    fixture.browser.until_shown("Trying again").await?;
    fixture.assert_accessible("trying again").await?;
    fixture.browser.until_shown("Not answered.").await?;
    fixture.assert_accessible("not answered").await
}

#[tokio::test]
async fn the_board_is_accessible_in_every_state() -> Result<()> {
    let mut fixture = Fixture::with(&[V1]).await?;
    fixture.browser.click(".controls button").await?;
    fixture
        .browser
        .until("a replica", "document.querySelector('.names li')")
        .await?;
    fixture.assert_accessible("one replica").await?;
    fixture.add(V2.0, V2.1).await?;
    fixture.browser.until_shown("v2 is taking over").await?;
    fixture.assert_accessible("a rollout").await?;
    fixture.only_newest();
    fixture
        .browser
        .until("a replica is gone", "document.querySelector('li[data-gone]')")
        .await?;
    fixture.assert_accessible("a replica is gone").await?;
    fixture.page.set_replicas([]);
    fixture
        .browser
        .until("a lost submission", "document.querySelector('.losses rect')")
        .await?;
    fixture.assert_accessible("losses").await?;
    fixture.browser.click(".controls button").await?;
    fixture.assert_accessible("stopped").await
}

#[tokio::test]
async fn the_plain_form_and_its_response_are_accessible() -> Result<()> {
    let fixture = Fixture::before_load(Engine::Chromium, &[V1]).await?;
    fixture.page.hold_webassembly(true);
    fixture.browser.open(&fixture.page.url).await?;
    fixture.assert_accessible("before the WebAssembly").await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    fixture.assert_accessible("the plain form's response").await
}
