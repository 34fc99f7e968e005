//! A real Chromium, driven through chromedriver.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder, key::Key};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::sleep,
};

use crate::devtools::DevTools;

/// How long anything may take that a test waits for. It is only ever reached by a test that fails.
const LIMIT: Duration = Duration::from_secs(60);

/// What to do where there is no browser.
const INSTALL: &str = "install it (Debian: apt-get install chromium chromium-driver, \
     macOS: brew install --cask google-chrome chromedriver)";

/// A browser of its own, with an empty profile. Its processes end when it is dropped.
pub struct Browser {
    client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts chromedriver and, through it, a headless Chromium.
    pub async fn start() -> Result<Self> {
        let profile = TempDir::new()?;
        let (driver, port) = start_driver(profile.path()).await?;
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities(profile.path())?)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("chromedriver cannot start Chromium")?;
        Ok(Self {
            client,
            driver,
            _profile: profile,
        })
    }

    /// Loads a page.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.client
            .goto(url)
            .await
            .with_context(|| format!("cannot load {url}"))
    }

    /// Loads our page and waits until its WebAssembly has taken over.
    pub async fn open_page(&self, url: &str) -> Result<()> {
        self.open(url).await?;
        self.until_taken_over().await
    }

    /// Waits until our page's WebAssembly has taken over the markup that was there before.
    pub async fn until_taken_over(&self) -> Result<()> {
        self.until(
            "the WebAssembly takes over",
            "performance.getEntriesByName('hydrated').length",
        )
        .await
    }

    /// What a JavaScript expression is worth in the page.
    pub async fn value(&self, expression: &str) -> Result<Value> {
        let script = format!("return {expression}");
        self.client
            .execute(&script, vec![])
            .await
            .with_context(|| format!("the page cannot evaluate {expression}"))
    }

    /// Runs a script in the page until it calls its last argument, and hands back what it calls it with.
    pub async fn run(&self, script: &str) -> Result<Value> {
        self.client
            .execute_async(script, vec![])
            .await
            .context("the page cannot run the script")
    }

    /// Waits until a JavaScript expression is true in the page. `awaited` says in the error what never came.
    pub async fn until(&self, awaited: &str, expression: &str) -> Result<()> {
        let start = Instant::now();
        while !truthy(&self.value(expression).await?) {
            if start.elapsed() > LIMIT {
                let text = self.value("document.body.innerText").await?;
                bail!(
                    "{awaited}: not within {LIMIT:?}. The page shows:\n{}",
                    text.as_str().unwrap_or_default()
                );
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Waits until the page shows this text.
    pub async fn until_shown(&self, text: &str) -> Result<()> {
        self.until(
            &format!("{text:?} is shown"),
            &format!("document.body.innerText.includes({})", json!(text)),
        )
        .await
    }

    /// Types into whatever has the focus, as a keyboard does.
    pub async fn press(&self, keys: &str) -> Result<()> {
        let element = self.client.active_element().await?;
        element
            .send_keys(keys)
            .await
            .context("the keys reach what has the focus")
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

    /// Writes a picture of what is seen.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = self.client.screenshot().await?;
        std::fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))
    }

    /// The protocol of Chromium's developer tools.
    pub fn devtools(&self) -> DevTools<'_> {
        DevTools::new(&self.client)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(pid) = self.driver.id().and_then(|pid| Pid::from_raw(pid.cast_signed())) {
            // It fails only where the group has ended already.
            _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

fn truthy(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != "" && value != 0
}

/// Starts chromedriver on a port of its own choice, and hands back which it took. It takes a free one of IPv4 and wants the
/// same of IPv6; where that one is taken, it ends at once, and another start takes another.
async fn start_driver(temporary: &Path) -> Result<(Child, u16)> {
    for _ in 0..10 {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", temporary) // Chromium leaves files there when it is killed
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0) // so that Chromium ends with it
            .spawn()
            .with_context(|| format!("chromedriver does not start: {INSTALL}"))?;
        if let Some(port) = port_of(&mut driver).await? {
            return Ok((driver, port));
        }
    }
    bail!("chromedriver finds no free port")
}

/// chromedriver tells on its output which port it took.
async fn port_of(driver: &mut Child) -> Result<Option<u16>> {
    let output = driver.stdout.take().context("its output is a pipe")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Some(port.trim_end_matches('.').parse()?));
        }
    }
    Ok(None)
}

fn capabilities(profile: &Path) -> Result<serde_json::Map<String, Value>> {
    let profile = format!("--user-data-dir={}", profile.display());
    let options = json!({
        "goog:chromeOptions": {
            "binary": chromium()?,
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--enable-precise-memory-info", profile,
            ],
        },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    match options {
        Value::Object(options) => Ok(options),
        _ => bail!("capabilities are an object"),
    }
}

/// Chromium or Chrome, from the PATH or from where macOS keeps it.
fn chromium() -> Result<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .chain(["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome".into()])
        .find(|file| file.is_file())
        .with_context(|| format!("there is no Chromium: {INSTALL}"))
}
