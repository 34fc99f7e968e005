//! The board for a long time: it must neither grow nor get in its own way.

use std::{env, time::Duration};

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::sleep;

use crate::stage::Stage;

/// How long it takes until the time line is full, and what it holds grows no more.
const UNTIL_FULL: Duration = Duration::from_secs(75);

/// What the page occupies.
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

/// Before the page runs: makes the memory of its WebAssembly known, and counts the frames.
const PROBE: &str = "
    const instantiate = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...parts) => {
        const result = await instantiate(...parts);
        window.probe.memory = result.instance.exports.memory;
        return result;
    };
    window.probe = { frames: 0 };
    const frame = () => { window.probe.frames += 1; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
";

impl Stage {
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

/// Runs for `SOAK_SECONDS`, 600 if that is not set, after the time line is full:
/// `cargo test --package e2e --features soak --test page -- --nocapture soak`.
#[tokio::test]
async fn the_board_stays_within_its_bounds_at_fifty_submissions_a_second() -> Result<()> {
    let seconds = env::var("SOAK_SECONDS").map_or(Ok(600), |seconds| seconds.parse())?;
    let stage = Stage::before_the_page(&[("backend-a", "v1"), ("backend-b", "v1")]).await?;
    let devtools = stage.browser.devtools();
    devtools
        .send("Page.addScriptToEvaluateOnNewDocument", json!({ "source": PROBE }))
        .await?;
    devtools.send("Performance.enable", json!({})).await?;
    stage.browser.open_page(&stage.page.url).await?;
    stage.browser.click("#rate").await?;
    stage.browser.press("\u{e010}").await?; // End: the highest rate
    stage.browser.click(".controls button").await?;

    sleep(UNTIL_FULL).await;
    let before = stage.usage().await?;
    sleep(Duration::from_secs(seconds)).await;
    let after = stage.usage().await?;

    let elapsed = after.time - before.time;
    let script = (after.script - before.script) / elapsed;
    let frames = (after.frames - before.frames) / elapsed;
    let answered = "Number(document.querySelector('[data-figure=answered] dd').innerText)";
    let answered = stage.browser.value(answered).await?;
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
    // A page built for development on a busy machine is at 0.3; this is where no time would be left to draw.
    assert!(script < 0.8, "scripts run for most of the time");
    Ok(())
}
