//! The board: the load generator, and its view of the cluster.

use anyhow::Result;
use e2e::backend_process::BackendProcess;

use crate::stage::Stage;

const V1: (&str, &str) = ("backend-1-aaaaa", "v1");
const V2: (&str, &str) = ("backend-2-bbbbb", "v2");

const ROWS: &str = "document.querySelectorAll('tbody tr').length";

/// Returns a figure of the totals.
fn figure(name: &str) -> String {
    format!("Number(document.querySelector('[data-figure={name}] dd').innerText)")
}

impl Stage {
    /// Presses the button that starts and stops the load generator.
    async fn toggle_load(&self) -> Result<()> {
        self.browser.click(".controls button").await
    }

    async fn until_more_than(&self, count: u64, name: &str) -> Result<()> {
        let awaited = format!("more than {count} submissions {name}");
        self.browser
            .until(&awaited, &format!("{} > {count}", figure(name)))
            .await
    }

    async fn figure(&self, name: &str) -> Result<u64> {
        Ok(self.browser.value(&figure(name)).await?.as_u64().unwrap_or_default())
    }
}

#[tokio::test]
async fn the_load_generator_starts_counts_and_stops() -> Result<()> {
    let stage = Stage::with(&[V1]).await?;
    stage.toggle_load().await?;
    stage.until_more_than(20, "answered").await?;
    stage.toggle_load().await?;

    let (sent, answered) = (stage.figure("sent").await?, stage.figure("answered").await?);
    assert_eq!((sent, stage.figure("lost").await?), (answered, 0));
    // The form still works, so the page is alive. Nothing has been sent in the meantime.
    stage.browser.click("#name").await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("Hello, Ada").await?;
    assert_eq!(stage.figure("sent").await?, sent);
    Ok(())
}

#[tokio::test]
async fn the_rate_follows_the_slider() -> Result<()> {
    let stage = Stage::with(&[V1]).await?;
    stage.browser.click("#rate").await?;
    stage.browser.press("\u{e010}").await?; // End
    stage
        .browser
        .until("50 is chosen", "document.querySelector('output').innerText === '50'")
        .await?;
    stage.toggle_load().await?;
    stage.until_more_than(200, "answered").await
}

#[tokio::test]
async fn two_versions_show_as_two_rows_and_a_rollout() -> Result<()> {
    let mut stage = Stage::with(&[V1]).await?;
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;

    stage.add(V2.0, V2.1).await?;
    stage.browser.until("two rows", &format!("{ROWS} === 2")).await?;
    stage.browser.until_shown("v2 is taking over from v1").await?;
    let looks = "new Set([...document.querySelectorAll('tbody .mark path')].map(mark => mark.dataset.shape)).size";
    assert_eq!(stage.browser.value(looks).await?, 2, "each version has its shape");

    stage.only_newest();
    stage.browser.until_shown("v2 took over in").await?;
    stage.browser.until_shown("s, 0 lost").await?;
    assert_eq!(stage.figure("lost").await?, 0);
    stage
        .browser
        .until(
            "the old replica is dimmed",
            "document.querySelector('tbody tr').matches('[data-gone]')",
        )
        .await
}

#[tokio::test]
async fn a_page_that_loses_its_backend_shows_losses_and_does_not_freeze() -> Result<()> {
    let mut stage = Stage::with(&[V1]).await?;
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;
    stage.kill_oldest().await?;
    stage.until_more_than(3, "lost").await?;
    stage
        .browser
        .until("a bar for each", "document.querySelector('.track .lost-bar')")
        .await?;

    let sent = stage.figure("sent").await?;
    stage.until_more_than(sent, "sent").await?;
    let answered = stage.figure("answered").await?;
    stage.add(V2.0, V2.1).await?;
    stage.until_more_than(answered, "answered").await
}

#[tokio::test]
async fn a_submission_answered_at_the_second_attempt_is_retried_and_not_lost() -> Result<()> {
    let mut stage = Stage::with(&[V1]).await?;
    stage.add_in_reserve(V2.0, V2.1).await?;
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;
    stage.page.set_replicas([]);
    stage.page.until_turned_away().await;
    stage.only_newest();
    stage.until_more_than(0, "retried").await?;
    let retried = "document.querySelector('.track .retried:not([d=\"\"])')";
    stage.browser.until("a mark for the first attempt", retried).await?;
    assert_eq!(stage.figure("lost").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_hidden_page_pauses_and_says_so() -> Result<()> {
    let stage = Stage::with(&[V1]).await?;
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;
    stage.browser.devtools().minimise(true).await?;
    stage
        .browser
        .until("its title says so", "document.title.startsWith('Paused')")
        .await?;
    let sent = stage.figure("sent").await?;
    stage.browser.devtools().minimise(false).await?;
    stage
        .browser
        .until_shown("Sending paused while this page was hidden.")
        .await?;
    stage.until_more_than(sent, "sent").await
}

#[tokio::test]
async fn the_keyboard_starts_the_load_sets_its_rate_and_stops_it() -> Result<()> {
    let stage = Stage::with(&[V1]).await?;
    for key in ["\t", "\t", " "] {
        // Past the form's button to the board's, which the space bar presses.
        stage.browser.press(key).await?;
    }
    stage.until_more_than(2, "answered").await?;
    stage.browser.press("\t").await?;
    stage.browser.press("\u{e014}").await?; // right arrow
    stage
        .browser
        .until("11 is chosen", "document.querySelector('output').innerText === '11'")
        .await?;
    stage.browser.press("\u{e008}\t").await?; // Shift and Tab, back to the button
    stage.browser.press(" ").await?;
    stage
        .browser
        .until(
            "it stops",
            "document.querySelector('.controls button').innerText === 'Keep submitting'",
        )
        .await
}

#[tokio::test]
async fn a_new_version_that_never_becomes_ready_is_reported_until_it_is_undone() -> Result<()> {
    let stage = Stage::with(&[V1]).await?;
    stage.browser.click(".controls button").await?;
    stage
        .browser
        .until("an answer on the board", "document.querySelector('tbody tr')")
        .await?;
    let broken = BackendProcess::start_never_ready(V2.0, V2.1).await?;
    let working = stage.replicas[0].address;
    stage.page.set_all([working, broken.address]);
    stage
        .browser
        .until_shown("has not become ready, v1 keeps answering, 0 lost")
        .await?;
    stage.page.set_all([working]);
    stage
        .browser
        .until_shown("is gone: it never became ready, v1 keeps answering, 0 lost")
        .await
}
