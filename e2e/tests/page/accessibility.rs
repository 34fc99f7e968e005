//! Accessibility: axe-core finds no violation of the guidelines (WCAG) in any state of the page.

use std::path::Path;

use anyhow::{Context, Result};
use e2e::browser::Engine;
use serde_json::Value;

use crate::{stage::Stage, stand_in};

const V1: (&str, &str) = ("backend-1-aaaaa", "v1");
const V2: (&str, &str) = ("backend-2-bbbbb", "v2");

impl Stage {
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
    let stage = Stage::with(&[V1]).await?;
    stage.assert_accessible("untouched").await?;
    stage.browser.press_enter().await?;
    stage.browser.until_shown("Enter a name.").await?;
    stage.assert_accessible("an invalid name").await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Hello, Ada").await?;
    stage.assert_accessible("answered").await?;
    let hanging = stand_in::that_hangs()?;
    stage.page.set_replicas([hanging.local_addr()?]);
    stage.browser.click("form button").await?;
    stage.browser.until_shown("Trying again").await?;
    stage.assert_accessible("trying again").await?;
    stage.browser.until_shown("Not answered.").await?;
    stage.assert_accessible("not answered").await
}

#[tokio::test]
async fn the_board_is_accessible_in_every_state() -> Result<()> {
    let mut stage = Stage::with(&[V1]).await?;
    stage.browser.click(".controls button").await?;
    stage
        .browser
        .until("a replica", "document.querySelector('.names li')")
        .await?;
    stage.assert_accessible("one replica").await?;
    stage.add(V2.0, V2.1).await?;
    stage.browser.until_shown("v2 is taking over").await?;
    stage.assert_accessible("a rollout").await?;
    stage.only_newest();
    stage
        .browser
        .until("a replica is gone", "document.querySelector('li[data-gone]')")
        .await?;
    stage.assert_accessible("a replica is gone").await?;
    stage.page.set_replicas([]);
    stage
        .browser
        .until("a lost submission", "document.querySelector('.losses rect')")
        .await?;
    stage.assert_accessible("losses").await?;
    stage.browser.click(".controls button").await?;
    stage.assert_accessible("stopped").await
}

#[tokio::test]
async fn the_plain_form_and_its_response_are_accessible() -> Result<()> {
    let stage = Stage::before_load(Engine::Chromium, &[V1]).await?;
    stage.page.hold_webassembly(true);
    stage.browser.open(&stage.page.url).await?;
    stage.assert_accessible("before the WebAssembly").await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Hello, Ada").await?;
    stage.assert_accessible("the plain form's response").await
}
