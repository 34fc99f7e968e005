//! The browser engines: which programs they are, and what each is asked for.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use tokio::process::Command;

/// Where Debian and Fedora keep WebKitGTK's browser for tests, newest API first.
const MINI_BROWSERS: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/webkitgtk-6.0/MiniBrowser",
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
    "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
];

/// A browser engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Chromium or Chrome, through chromedriver.
    Chromium,
    /// Firefox, through geckodriver.
    Firefox,
    /// WebKitGTK's MiniBrowser, through WebKitWebDriver and a virtual display.
    WebKit,
}

impl Engine {
    /// Returns whether the browser and its driver are installed.
    pub fn is_installed(self) -> bool {
        let driver = match self {
            Self::Chromium => find(&["chromedriver"]),
            Self::Firefox => geckodriver(),
            Self::WebKit => find(&["WebKitWebDriver"]).and(find(&["Xvfb"])),
        };
        driver.is_some() && self.browser().is_ok()
    }

    /// Returns the browser's executable.
    fn browser(self) -> Result<PathBuf> {
        let (found, install) = match self {
            Self::Chromium => (
                find(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
                    .or_else(|| exists("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")),
                "Debian: apt-get install chromium chromium-driver, macOS: brew install --cask google-chrome chromedriver",
            ),
            Self::Firefox => (
                find(&["firefox-esr", "firefox"])
                    .or_else(|| exists("/Applications/Firefox.app/Contents/MacOS/firefox")),
                "scripts/setup firefox",
            ),
            Self::WebKit => (
                MINI_BROWSERS.into_iter().find_map(exists),
                "Debian: apt-get install webkit2gtk-driver xvfb",
            ),
        };
        found.with_context(|| format!("{self:?} is missing: install it ({install})"))
    }

    /// Returns what a WebDriver session of this engine asks for.
    pub(super) fn capabilities(self, profile: &Path) -> Result<Map<String, Value>> {
        let browser = self.browser()?;
        let capabilities = match self {
            Self::Chromium => json!({
                "goog:chromeOptions": {
                    "binary": browser,
                    "args": [
                        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                        "--disable-background-networking", "--disable-component-update", "--disable-sync",
                        "--disable-dev-shm-usage", "--enable-precise-memory-info",
                        format!("--user-data-dir={}", profile.display()),
                    ],
                },
                "goog:loggingPrefs": { "browser": "ALL" },
            }),
            Self::Firefox => json!({
                "moz:firefoxOptions": {
                    "binary": browser,
                    "args": ["-headless"],
                    "prefs": {
                        // No connections to the outside.
                        "app.update.disabledForTesting": true,
                        "browser.safebrowsing.blockedURIs.enabled": false,
                        "datareporting.healthreport.uploadEnabled": false,
                        "network.captive-portal-service.enabled": false,
                        "network.connectivity-service.enabled": false,
                        // The tests look at what the page itself does with its texts.
                        "browser.translations.enable": false,
                    },
                },
            }),
            Self::WebKit => json!({
                "webkitgtk:browserOptions": { "binary": browser, "args": ["--automation"] },
            }),
        };
        match capabilities {
            Value::Object(capabilities) => Ok(capabilities),
            _ => bail!("capabilities are an object"),
        }
    }

    /// Returns the command that starts the driver on this port; 0 lets it choose one and print it.
    pub(super) fn driver(self, port: u16, profile: &Path) -> Result<Command> {
        let program = match self {
            Self::Chromium => "chromedriver".into(),
            Self::Firefox => geckodriver().context("geckodriver is missing: type `scripts/setup firefox`")?,
            Self::WebKit => "WebKitWebDriver".into(),
        };
        let mut command = Command::new(program);
        match self {
            Self::Firefox => command.args(["--port".to_owned(), port.to_string()]),
            Self::Chromium | Self::WebKit => command.arg(format!("--port={port}")),
        };
        command
            .env("TMPDIR", profile) // browsers leave files there when they are killed
            .env("HOME", profile)
            .env("XDG_CACHE_HOME", profile)
            .env("XDG_CONFIG_HOME", profile)
            .env("XDG_DATA_HOME", profile)
            .env("GDK_BACKEND", "x11")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1") // there is no graphics card
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        Ok(command)
    }

    /// Returns the text before the port in the driver's output; `None` for a driver that cannot choose a port.
    pub(super) fn port_label(self) -> Option<&'static str> {
        match self {
            Self::Chromium => Some("started successfully on port "),
            Self::Firefox => Some("Listening on 127.0.0.1:"),
            Self::WebKit => None,
        }
    }
}

/// Returns geckodriver, from `PATH` or from where `scripts/setup` installs it.
fn geckodriver() -> Option<PathBuf> {
    find(&["geckodriver"]).or_else(|| exists(concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/bin/geckodriver")))
}

/// Returns the first of these programs that is in a folder of `PATH`.
fn find(programs: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .flat_map(|folder| programs.iter().map(move |program| folder.join(program)))
        .find(|file| file.is_file())
}

fn exists(file: &str) -> Option<PathBuf> {
    let file = PathBuf::from(file);
    file.is_file().then_some(file)
}
