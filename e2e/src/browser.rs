//! Real browsers, driven through WebDriver.

mod driver;
mod engine;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder, key::Key};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use self::driver::Driver;
pub use self::engine::Engine;
use crate::devtools::DevTools;

/// The longest time that a test waits for anything. Only failing tests reach it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A browser with an empty profile. Its processes end when it is dropped.
pub struct Browser {
    client: Client,
    _driver: Driver,
    _profile: TempDir,
}

impl Browser {
    /// Starts a headless Chromium.
    pub async fn start() -> Result<Self> {
        Self::start_engine(Engine::Chromium).await
    }

    /// Starts a browser of this engine without a visible window.
    pub async fn start_engine(engine: Engine) -> Result<Self> {
        let profile = TempDir::new()?;
        let driver = Driver::start(engine, profile.path()).await?;
        let session = || async {
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
                .capabilities(engine.capabilities(profile.path())?)
                .connect(&format!("http://127.0.0.1:{}", driver.port))
                .await
                .with_context(|| format!("the driver cannot start {engine:?}"))
        };
        // geckodriver gives Firefox 60 seconds to start. On an overloaded machine the files are in memory the second time.
        let client = match session().await {
            Ok(client) => client,
            Err(_) => session().await?,
        };
        Ok(Self {
            client,
            _driver: driver,
            _profile: profile,
        })
    }

    /// Loads a document.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.client
            .goto(url)
            .await
            .with_context(|| format!("cannot load {url}"))
    }

    /// Loads the page and waits until it is interactive.
    pub async fn open_page(&self, url: &str) -> Result<()> {
        self.open(url).await?;
        self.until_interactive().await
    }

    /// Waits until the page has replaced the plain form.
    pub async fn until_interactive(&self) -> Result<()> {
        self.until(
            "the page is interactive",
            "performance.getEntriesByName('interactive').length",
        )
        .await
    }

    /// Evaluates a JavaScript expression in the page.
    pub async fn value(&self, expression: &str) -> Result<Value> {
        let script = format!("return {expression}");
        self.client
            .execute(&script, vec![])
            .await
            .with_context(|| format!("the page cannot evaluate {expression}"))
    }

    /// Runs a script in the page until it calls its last argument, and returns the value that it passes.
    pub async fn run(&self, script: &str) -> Result<Value> {
        self.client
            .execute_async(script, vec![])
            .await
            .context("the page cannot run the script")
    }

    /// Waits until a JavaScript expression is true in the page. `awaited` describes it in the error message.
    pub async fn until(&self, awaited: &str, expression: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            // Evaluating fails while the browser replaces the document.
            let value = self.value(expression).await;
            if value.as_ref().is_ok_and(is_truthy) {
                return Ok(());
            }
            if start.elapsed() > TIMEOUT {
                value?;
                let text = self.value("document.body.innerText").await?;
                bail!(
                    "{awaited}: not within {TIMEOUT:?}. The page shows:\n{}",
                    text.as_str().unwrap_or_default()
                );
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the page shows this text.
    pub async fn until_shown(&self, text: &str) -> Result<()> {
        self.until(
            &format!("{text:?} is shown"),
            &format!("document.body.innerText.includes({})", json!(text)),
        )
        .await
    }

    /// Types into the focused element.
    pub async fn press(&self, keys: &str) -> Result<()> {
        let element = self.client.active_element().await?;
        element
            .send_keys(keys)
            .await
            .context("the focused element takes no keys")
    }

    /// Presses Enter.
    pub async fn press_enter(&self) -> Result<()> {
        self.press(&char::from(Key::Enter).to_string()).await
    }

    /// Clicks on the first element that a CSS selector finds.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let found = self.client.find(fantoccini::Locator::Css(selector)).await;
        found
            .with_context(|| format!("there is no {selector}"))?
            .click()
            .await?;
        Ok(())
    }

    /// Writes a screenshot.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = self.client.screenshot().await?;
        std::fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Returns Chromium's developer tools. Other engines do not have them.
    pub fn devtools(&self) -> DevTools<'_> {
        DevTools::new(&self.client)
    }
}

fn is_truthy(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != "" && value != 0
}
