//! Measures how long the page takes to arrive in a browser whose cache is empty.

use anyhow::{Context, Result};
use clap::Parser;
use e2e::browser::Browser;
use serde_json::{Value, json};

/// Loads the page again and again with an empty cache, and prints the median of the times.
#[derive(Debug, Parser)]
#[command(max_term_width = 120)]
struct Settings {
    /// Where the page is, as the frontend image serves it
    #[arg(long, default_value = "http://localhost:8080")]
    url: String,

    /// How many times to load it
    #[arg(long, default_value_t = 20)]
    loads: usize,
}

/// When the form was first drawn, from when on it can be submitted, and when the page was interactive; in milliseconds.
/// Then the bytes that travelled: each response's body as sent, and 300 for each one's headers.
const MEASURED: &str = "(() => {
    const at = name => performance.getEntriesByName(name)[0].startTime;
    const loaded = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const bytes = loaded.reduce((sum, { transferSize }) => sum + transferSize, 0);
    return [at('first-contentful-paint'), at('interactive'), bytes];
})()";

#[tokio::main]
async fn main() -> Result<()> {
    let Settings { url, loads } = Settings::parse();
    let browser = Browser::start().await?;
    let mut loaded = Vec::new();
    for _ in 0..loads {
        browser.open("about:blank").await?;
        browser.devtools().send("Network.clearBrowserCache", json!({})).await?;
        browser.open_page(&url).await?;
        let drawn = "performance.getEntriesByName('first-contentful-paint').length";
        browser.until("the form is drawn", drawn).await?;
        loaded.push(browser.value(MEASURED).await?);
    }
    println!("Median of {loads} loads of {url} with an empty cache:");
    println!("  a form that can be submitted after {:.0} ms", median(&loaded, 0)?);
    println!("  the page is interactive after {:.0} ms", median(&loaded, 1)?);
    println!("  {:.1} kB travelled", median(&loaded, 2)? / 1_000.0);
    Ok(())
}

fn median(loaded: &[Value], which: usize) -> Result<f64> {
    let mut values: Vec<f64> = loaded.iter().filter_map(|times| times[which].as_f64()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("no load was measured")
}
