//! Takes the pictures of the documentation, light and dark: of the page with a response, or of the board while something happens
//! to the cluster.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use e2e::browser::Browser;
use tokio::process::Command;

/// Takes the pictures of the documentation from a running application.
#[derive(Debug, Parser)]
#[command(max_term_width = 120)]
struct Settings {
    /// Where the page is
    #[arg(long, global = true, default_value = "http://localhost:8080")]
    url: String,

    /// Where to put the pictures
    #[arg(long, global = true, default_value = "docs")]
    folder: PathBuf,

    #[command(subcommand)]
    picture: Picture,
}

#[derive(Debug, Subcommand)]
enum Picture {
    /// The page with a response
    Page,

    /// The board in the middle of a rolling update
    Board {
        /// How many submissions get a response before the update begins
        #[arg(long, default_value_t = 200)]
        before: u32,

        /// How many submissions the new version has responded to when the picture is taken
        #[arg(long, default_value_t = 8)]
        after: u32,

        /// The command that begins the update, after `--`, such as: kubectl set image deployment/NAME CONTAINER=IMAGE
        #[arg(last = true, required = true)]
        update: Vec<OsString>,
    },

    /// The board after a replica has crashed and is back. Faults must be enabled
    Crash {
        /// How many submissions get a response before the crash
        #[arg(long, default_value_t = 200)]
        before: u32,
    },

    /// The board while a new version does not become ready
    BrokenRelease {
        /// How many submissions get a response before the update begins
        #[arg(long, default_value_t = 200)]
        before: u32,

        /// The command that begins the update, after `--`
        #[arg(last = true, required = true)]
        update: Vec<OsString>,
    },
}

/// The pictures' size in pixels.
const SIZE: (u32, u32) = (1440, 900);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Settings { url, folder, picture }: Settings) -> Result<()> {
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let browser = Browser::start().await?;
    browser.devtools().resize(SIZE.0, SIZE.1).await?;
    browser.open_page(&url).await?;
    browser.press("Ada Lovelace").await?;
    browser.press_enter().await?;
    browser
        .until("a response", "document.querySelector('.message')")
        .await?;
    match picture {
        Picture::Page => take(&browser, &folder, "page").await,
        Picture::Board { before, after, update } => {
            start_load(&browser, before).await?;
            begin(&update).await?;
            // The newest replica is the last row.
            let new = responses(after, "document.querySelector('tbody tr:last-child').cells[2]");
            let both = format!("document.body.innerText.includes('is taking over') && {new}");
            browser.until("both versions respond", &both).await?;
            take(&browser, &folder, "board").await
        }
        Picture::Crash { before } => {
            start_load(&browser, before).await?;
            browser.click(".break").await?;
            browser.click(".faults li:first-child button").await?;
            browser.until_shown("crashed, back after").await?;
            take(&browser, &folder, "crash").await
        }
        Picture::BrokenRelease { before, update } => {
            start_load(&browser, before).await?;
            begin(&update).await?;
            browser.until_shown("has not become ready").await?;
            take(&browser, &folder, "broken-release").await
        }
    }
}

fn responses(count: u32, figure: &str) -> String {
    format!("Number({figure}?.textContent.replace(/\\D/g, '')) >= {count}")
}

/// Starts the load generator, and waits until so many submissions have a response.
async fn start_load(browser: &Browser, before: u32) -> Result<()> {
    browser.click(".controls button").await?;
    let all = responses(before, "document.querySelector('[data-figure=answered] dd')");
    browser.until("enough responses before something happens", &all).await
}

async fn begin(update: &[OsString]) -> Result<()> {
    let (program, arguments) = update.split_first().context("clap asks for a command")?;
    let status = Command::new(program).args(arguments).status().await;
    let status = status.with_context(|| format!("{} cannot be started", program.display()))?;
    ensure!(status.success(), "{} ended with {status}", program.display());
    Ok(())
}

/// Takes `PICTURE-light.png` and `PICTURE-dark.png`.
async fn take(browser: &Browser, folder: &Path, picture: &str) -> Result<()> {
    for scheme in ["light", "dark"] {
        browser.devtools().prefer_colour_scheme(scheme).await?;
        // The colours fade from one scheme to the other.
        let has_faded = "!document.getAnimations().some(animation => animation instanceof CSSTransition)";
        browser.until("the colours of the scheme", has_faded).await?;
        let file = folder.join(format!("{picture}-{scheme}.png"));
        browser.screenshot(&file).await?;
        println!("{}", file.display());
    }
    Ok(())
}
