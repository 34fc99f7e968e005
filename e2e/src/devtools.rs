//! Chromium's DevTools protocol, for what WebDriver has no command for.

use anyhow::{Context, Result};
use fantoccini::{Client, wd::WebDriverCompatibleCommand};
use serde_json::{Value, json};
use url::{ParseError, Url};

/// The developer tools of one browser.
pub struct DevTools<'a>(&'a Client);

impl<'a> DevTools<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self(client)
    }

    /// Sends a command of the protocol, such as `Emulation.setEmulatedMedia`.
    pub async fn send(&self, command: &str, parameters: Value) -> Result<Value> {
        let body = json!({ "cmd": command, "params": parameters });
        let response = self
            .0
            .issue_cmd(Extension {
                path: "goog/cdp/execute",
                body,
            })
            .await;
        response.with_context(|| format!("DevTools reject {command}"))
    }

    /// Emulates a user who prefers the colour scheme `light` or `dark`.
    pub async fn prefer_colour_scheme(&self, scheme: &str) -> Result<()> {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.send("Emulation.setEmulatedMedia", json!({ "features": features }))
            .await?;
        Ok(())
    }

    /// Emulates a viewport of this size in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.send("Emulation.setDeviceMetricsOverride", metrics).await?;
        Ok(())
    }

    /// Disables scripts in all pages. Scripts of the tests still run.
    pub async fn forbid_scripts(&self) -> Result<()> {
        self.send("Emulation.setScriptExecutionDisabled", json!({ "value": true }))
            .await?;
        Ok(())
    }

    /// Minimises the window, which hides the page, or restores it.
    pub async fn minimise(&self, minimised: bool) -> Result<()> {
        let window = self.send("Browser.getWindowForTarget", json!({})).await?;
        let state = if minimised { "minimized" } else { "normal" };
        let bounds = json!({ "windowId": window["windowId"], "bounds": { "windowState": state } });
        self.send("Browser.setWindowBounds", bounds).await?;
        Ok(())
    }

    /// Returns the errors in the page's console since the last call. Violations of the Content-Security-Policy are among
    /// them.
    pub async fn errors(&self) -> Result<Vec<String>> {
        let body = json!({ "type": "browser" });
        let entries = self.0.issue_cmd(Extension { path: "se/log", body }).await?;
        let entries = entries.as_array().context("the log is a list")?;
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(severe.map(|entry| entry["message"].to_string()).collect())
    }
}

/// A command of chromedriver that is not in the WebDriver standard.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
