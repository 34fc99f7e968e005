//! The layout: both colour schemes, every width, and that nothing moves.

use anyhow::Result;
use e2e::{backend_process::BackendProcess, browser::Engine};
use serde_json::json;

use crate::fixture::Fixture;

const V1: (&str, &str) = ("backend-1-aaaaa", "v1");
const V2: (&str, &str) = ("backend-2-bbbbb", "v2");

#[tokio::test]
async fn the_page_follows_the_preferred_colour_scheme() -> Result<()> {
    let fixture = Fixture::with(&[]).await?;
    let lightness = "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])";
    fixture.browser.devtools().prefer_colour_scheme("dark").await?;
    fixture
        .browser
        .until("a dark page", &format!("{lightness} < 64"))
        .await?;
    fixture.browser.devtools().prefer_colour_scheme("light").await?;
    fixture
        .browser
        .until("a light page", &format!("{lightness} > 192"))
        .await
}

#[tokio::test]
async fn the_longest_name_is_shown_as_a_whole_and_moves_nothing() -> Result<()> {
    let fixture = Fixture::with(&[("k8s-demo-backend-deployment-5d8c7f9b6d-x7k2p", "v1")]).await?;
    let place = "document.querySelector('.experiments').getBoundingClientRect().top";
    let scrollers = "[...document.querySelectorAll('#page *')].filter(element => !element.matches('input')
        && ['auto', 'scroll', 'hidden'].includes(getComputedStyle(element).overflowY) && element.scrollHeight > element.clientHeight + 1).length";
    let longest = "W".repeat(64);
    for width in [375, 768, 1280, 2560] {
        fixture.browser.devtools().resize(width, 800).await?;
        fixture.submit("Ada").await?;
        fixture
            .browser
            .until(
                "a short answer",
                "document.querySelector('.message')?.innerText.includes('Ada')",
            )
            .await?;
        let before = fixture.browser.value(place).await?;
        fixture.submit(&longest).await?;
        fixture
            .browser
            .until(
                "a long answer",
                "document.querySelector('.message').innerText.includes('WWW')",
            )
            .await?;
        assert_eq!(
            fixture.browser.value(scrollers).await?,
            0,
            "at a width of {width} pixels"
        );
        assert_eq!(
            fixture.browser.value(place).await?,
            before,
            "at a width of {width} pixels"
        );
    }
    Ok(())
}

#[tokio::test]
async fn nothing_scrolls_horizontally_from_320_pixels() -> Result<()> {
    let fixture = Fixture::with(&[("k8s-demo-backend-deployment-5d8c7f9b6d-x7k2p", "v1")]).await?;
    fixture.submit(&"W".repeat(64)).await?;
    fixture.browser.until_shown("x7k2p").await?;
    fixture.browser.click(".controls button").await?;
    fixture
        .browser
        .until("a replica is shown", "document.querySelector('.names li')")
        .await?;
    let too_wide = "(page => Math.max(0, page.scrollWidth - page.clientWidth))(document.documentElement)";
    for width in [320, 375, 768, 960, 1280, 2560] {
        fixture.browser.devtools().resize(width, 800).await?;
        assert_eq!(
            fixture.browser.value(too_wide).await?,
            0,
            "at a width of {width} pixels"
        );
    }
    Ok(())
}

/// Records every element that moves without a reason that the user gave.
const RECORD_SHIFTS: &str = "window.shifts = [], new PerformanceObserver(list => shifts.push(...list.getEntries().filter(shift => !shift.hadRecentInput)))
    .observe({ type: 'layout-shift', buffered: true }), true";
const MOVED: &str = "shifts.flatMap(shift => shift.sources.map(({ node }) => node?.outerHTML ?? node?.textContent))";

/// The page asks a replica where it runs, and the commands of the experiments depend on that.
#[tokio::test]
async fn nothing_moves_while_it_loads() -> Result<()> {
    for (platform, command) in [("kubernetes", "kubectl scale"), ("local", "scale 5")] {
        let mut fixture = Fixture::before_load(Engine::Chromium, &[]).await?;
        let replica = BackendProcess::start_with(V1.0, V1.1, &["--platform", platform]).await?;
        fixture.page.set_replicas([replica.address]);
        fixture.replicas.push(replica);
        let devtools = fixture.browser.devtools();
        let record = json!({ "source": RECORD_SHIFTS });
        devtools.send("Page.addScriptToEvaluateOnNewDocument", record).await?;
        // The cards are in the window, and the replica's answer comes some frames after them.
        devtools.resize(1440, 900).await?;
        devtools.send("Network.enable", json!({})).await?;
        let network = json!({ "offline": false, "latency": 300, "downloadThroughput": -1, "uploadThroughput": -1 });
        devtools.send("Network.emulateNetworkConditions", network).await?;
        fixture.browser.open_page(&fixture.page.url).await?;
        fixture.browser.until_shown(command).await?;
        // What moved with it is known two frames later.
        let frames = "requestAnimationFrame(() => requestAnimationFrame(() => window.drawn = true)), true";
        fixture.browser.value(frames).await?;
        fixture.browser.until("two frames", "window.drawn").await?;
        assert_eq!(fixture.browser.value(MOVED).await?, json!([]), "{platform}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_moves_while_it_runs() -> Result<()> {
    let mut fixture = Fixture::with(&[V1]).await?;
    fixture.browser.value(RECORD_SHIFTS).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(20, "answered").await?;
    // The start was asked for, so its shift does not count.
    fixture.browser.value("shifts.length = 0, true").await?;
    fixture.kill_oldest().await?;
    fixture.browser.until_shown("No replica answers, for ").await?;
    fixture.add(V1.0, V1.1).await?;
    fixture.browser.until_shown("1 replica answers").await?;
    assert_eq!(fixture.browser.value(MOVED).await?, json!([]));
    Ok(())
}

/// What is cut off or overlaps where every figure has six digits, and every event is long.
const CUT_OFF: &str = "(() => {
    const box = node => { const range = document.createRange(); range.selectNodeContents(node); return range.getBoundingClientRect(); };
    const all = selector => [...document.querySelectorAll(selector)];
    for (const number of all('.totals dd > span')) number.firstChild.data = '888\\u2009888';
    for (const event of all('.log li > span > span')) event.textContent = 'x2k9p (v2) has not become ready for 10 s, 12 retries, ';
    const cut = [];
    const figures = all('.totals > div').map(box), page = document.documentElement.clientWidth;
    figures.forEach((one, index) => figures.slice(index + 1).forEach(other => {
        if (one.right > other.left && other.right > one.left && one.bottom > other.top && other.bottom > one.top) cut.push('figures overlap');
    }));
    if (figures.some(figure => figure.right > page)) cut.push('a figure');
    const log = document.querySelector('.log').getBoundingClientRect();
    if (all('.log li').some(event => box(event).left < log.right && box(event).bottom > log.bottom + 1)) cut.push('an event');
    for (const share of all('.share')) share.textContent = '100 %';
    if (all('.share').some(share => box(share).right > share.parentElement.querySelector('.break').getBoundingClientRect().left)) cut.push('a share');
    const [legend, limit] = all('.legend, .legend .limit'), height = legend.offsetHeight;
    limit.textContent = 'sends 24 of 50 /s: the browser\\u2019s limit';
    if (legend.offsetHeight !== height) cut.push('the legend grows');
    if (box(limit).right > page + 1) cut.push('the limit');
    const end = legend.querySelector('ul').getBoundingClientRect().bottom + 1;
    if (all('.legend li:not(.quiet)').some(item => box(item).bottom > end)) cut.push('the legend');
    if (all('.shares text').some(share => share.getBoundingClientRect().right > page)) cut.push('a share');
    if (all('.chip summary span, .banner > span[aria-hidden]').some(text => text.scrollWidth > text.clientWidth)) cut.push('a title');
    if (innerWidth >= 1440 && all('.message').some(text => text.scrollWidth > text.clientWidth)) cut.push('the response');
    return cut;
})()";

#[tokio::test]
async fn the_longest_texts_are_whole_at_every_width_while_it_runs() -> Result<()> {
    let mut fixture = Fixture::with(&[]).await?;
    fixture.add_with_faults(V1.0, V1.1).await?;
    fixture.add_with_faults(V2.0, V2.1).await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    fixture.toggle_load().await?;
    fixture
        .browser
        .until("two versions", "document.querySelectorAll('.legend li').length === 6")
        .await?;
    fixture
        .browser
        .until("two events", "document.querySelectorAll('.log li').length >= 2")
        .await?;
    for (width, height) in [(320, 690), (390, 844), (820, 1_180), (1_440, 900), (1_920, 1_080)] {
        fixture.browser.devtools().resize(width, height).await?;
        assert_eq!(
            fixture.browser.value(CUT_OFF).await?,
            json!([]),
            "at a width of {width} pixels"
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_picture_moves_without_script_until_it_is_stopped() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    let animation = |state: &str| {
        format!(
            "document.querySelector('.slide')?.getAnimations().map(({{ playState }}) => playState).join() === '{state}'"
        )
    };
    fixture.toggle_load().await?;
    fixture.browser.until("it moves", &animation("running")).await?;
    // A run that is stopped before anything was sent leaves no picture.
    fixture.until_more_than(5, "answered").await?;
    fixture.toggle_load().await?;
    fixture.browser.until("it is paused", &animation("paused")).await
}

/// A picture lasts for 20 seconds, and the window shows the 60 before now. In the first ten, the picture has the longest way to go.
const ENDS_NOW: &str = "(() => {
    const [picture, view] = ['.slide', '.window'].map(part => document.querySelector(part).getBoundingClientRect());
    const ahead = 60 * (picture.right - view.right) / view.width;
    const age = performance.now() / 1000 % 20;
    return age < 10 && Math.abs(20 - age - ahead) < 1;
})()";

#[tokio::test]
async fn the_right_edge_of_the_picture_is_now() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(5, "answered").await?;
    fixture.browser.until("the picture ends now", ENDS_NOW).await
}
