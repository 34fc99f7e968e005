//! The board over a long time: its memory use stays bounded, and it leaves time for drawing.

use std::{env, time::Duration};

use anyhow::{Context, Result};
use e2e::browser::Engine;
use serde_json::json;
use tokio::time::sleep;

use crate::fixture::Fixture;

/// The time until the timeline is full and no longer grows.
const FILL_TIME: Duration = Duration::from_secs(75);

/// The resources that the page uses.
#[derive(Debug)]
struct Usage {
    /// Bytes of JavaScript's heap in use, after a garbage collection.
    heap: f64,
    /// Bytes of the WebAssembly's memory.
    webassembly: f64,
    /// Nodes of the document, detached ones included.
    nodes: f64,
    /// Seconds that scripts have run, the WebAssembly included.
    script: f64,
    /// Frames drawn.
    frames: f64,
    /// Seconds since the page was loaded.
    time: f64,
}

/// Runs before the page: exposes the memory of its WebAssembly, and counts the frames.
const PROBE: &str = "
    const instantiate = WebAssembly.instantiate;
    WebAssembly.instantiate = async (...parts) => {
        const instance = await instantiate(...parts);
        window.probe.memory = instance.exports.memory;
        return instance;
    };
    window.probe = { frames: 0 };
    const frame = () => { window.probe.frames += 1; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
";

impl Fixture {
    async fn usage(&self) -> Result<Usage> {
        let devtools = self.browser.devtools();
        devtools.send("HeapProfiler.collectGarbage", json!({})).await?;
        let metrics = devtools.send("Performance.getMetrics", json!({})).await?;
        let metric = |name: &str| {
            let metrics = metrics["metrics"].as_array()?;
            metrics.iter().find(|metric| metric["name"] == name)?["value"].as_f64()
        };
        let probe = "[window.probe.memory.buffer.byteLength, window.probe.frames, performance.now() / 1000]";
        let probe = self.browser.value(probe).await?;
        Ok(Usage {
            heap: metric("JSHeapUsedSize").context("the heap's size")?,
            webassembly: probe[0].as_f64().context("the memory's size")?,
            nodes: metric("Nodes").context("the number of nodes")?,
            script: metric("ScriptDuration").context("the scripts' time")?,
            frames: probe[1].as_f64().context("the number of frames")?,
            time: probe[2].as_f64().context("the time")?,
        })
    }
}

/// Runs for `SOAK_SECONDS` (default 600) after the timeline is full: `scripts/checks soak`.
#[tokio::test]
#[ignore = "scripts/checks soak runs it"]
async fn memory_and_script_time_stay_bounded_with_eight_replicas_at_the_highest_rate() -> Result<()> {
    let seconds = env::var("SOAK_SECONDS").map_or(Ok(600), |seconds| seconds.parse())?;
    let replicas = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| (name, "v1"));
    let fixture = Fixture::before_load(Engine::Chromium, &replicas).await?;
    let devtools = fixture.browser.devtools();
    devtools
        .send("Page.addScriptToEvaluateOnNewDocument", json!({ "source": PROBE }))
        .await?;
    devtools.send("Performance.enable", json!({})).await?;
    devtools.resize(1920, 1080).await?;
    fixture.browser.open_page(&fixture.page.url).await?;
    fixture.browser.click("#rate").await?;
    fixture.browser.press("\u{e010}").await?; // End: the highest rate
    fixture.browser.click(".controls button").await?;

    sleep(FILL_TIME).await;
    let before = fixture.usage().await?;
    sleep(Duration::from_secs(seconds)).await;
    let after = fixture.usage().await?;

    let elapsed = after.time - before.time;
    let script = (after.script - before.script) / elapsed;
    let frames = (after.frames - before.frames) / elapsed;
    let answered = "document.querySelector('[data-figure=answered] dd').innerText";
    let answered = fixture.browser.value(answered).await?;
    println!("{before:#?}\n{after:#?}\n{answered} answered");
    println!(
        "{:.0} ms of script and {frames:.0} frames in each of {elapsed:.0} seconds",
        1_000.0 * script
    );
    assert!(after.heap < 1.25 * before.heap + 1e6, "JavaScript's heap grows");
    assert!(
        after.webassembly < 1.25 * before.webassembly,
        "the WebAssembly's memory grows"
    );
    assert!(after.nodes < 1.25 * before.nodes, "the document grows");
    // A development build on a busy machine uses 0.3; at 0.8 there would be no time to draw.
    assert!(script < 0.8, "scripts run for most of the time");
    Ok(())
}
