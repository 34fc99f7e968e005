//! The load generator, and what the page shows of the cluster.

use anyhow::Result;
use e2e::{backend_process::BackendProcess, browser::Engine};

use crate::stage::Stage;

const V1: (&str, &str) = ("backend-1-aaaaa", "v1");
const V2: (&str, &str) = ("backend-2-bbbbb", "v2");

pub const LANES: &str = "document.querySelectorAll('.names li').length";

/// Returns a figure of the totals.
fn figure(name: &str) -> String {
    format!("Number(document.querySelector('[data-figure={name}] dd').innerText.replace(/\\D/g, ''))")
}

impl Stage {
    /// Presses the button that starts and stops the load generator.
    pub async fn toggle_load(&self) -> Result<()> {
        self.browser.click(".controls button").await
    }

    pub async fn until_more_than(&self, count: u64, name: &str) -> Result<()> {
        let awaited = format!("more than {count} submissions {name}");
        self.browser
            .until(&awaited, &format!("{} > {count}", figure(name)))
            .await
    }

    /// Waits until this replica has answered so many submissions more.
    pub async fn until_answered_more(&self, pod: &str, count: u64) -> Result<()> {
        let answered = format!("parseInt({})", cell(pod, 2));
        let before = self.browser.value(&answered).await?.as_u64().unwrap_or_default();
        let predicate = format!("{answered} >= {}", before + count);
        self.browser.until(&format!("{pod} answers"), &predicate).await
    }

    pub async fn figure(&self, name: &str) -> Result<u64> {
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
async fn two_versions_show_as_two_lanes_and_a_rollout() -> Result<()> {
    let mut stage = Stage::with(&[V1]).await?;
    stage.toggle_load().await?;
    stage.until_more_than(40, "answered").await?;

    stage.add(V2.0, V2.1).await?;
    stage.browser.until("two lanes", &format!("{LANES} === 2")).await?;
    stage.browser.until_shown("v2 is taking over: 1 of 2 replicas").await?;
    let looks = "new Set([...document.querySelectorAll('.names .mark')].map(mark => mark.dataset.v)).size";
    assert_eq!(stage.browser.value(looks).await?, 2, "each version has its mark");
    let areas = "document.querySelectorAll('.slide .ribbon .area').length === 2";
    stage.browser.until("two areas of the ribbon", areas).await?;

    stage.only_newest();
    stage.browser.until_shown("v2 took over in").await?;
    stage.browser.until_shown("nothing lost").await?;
    assert_eq!(stage.figure("lost").await?, 0);
    let seen = "document.querySelector('.chip:nth-child(2)').matches('[data-seen]')";
    stage.browser.until("the experiment has a tick", seen).await?;
    let gone = "document.querySelector('.names li').matches('[data-gone]')";
    stage.browser.until("the old replica is dimmed", gone).await
}

#[tokio::test]
async fn an_outage_is_the_headline_until_a_replica_answers_again() -> Result<()> {
    let mut stage = Stage::with(&[V1]).await?;
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;
    stage.kill_oldest().await?;
    stage.browser.until_shown("No replica answers, for ").await?;
    stage.until_more_than(3, "lost").await?;
    stage
        .browser
        .until("a bar", "document.querySelector('.losses rect')")
        .await?;
    let gone = "document.querySelector('.names li').matches('[data-gone]') && !document.querySelector('.break')";
    stage.browser.until("the lane is dimmed and has no menu", gone).await?;

    let answered = stage.figure("answered").await?;
    stage.add(V2.0, V2.1).await?;
    stage.until_more_than(answered, "answered").await?;
    stage.browser.until_shown(" lost. 1 replica answers").await?;
    let costs = "document.querySelector('.log').innerText.includes('No replica answered for')";
    stage.browser.until("the log has the outage", costs).await
}

/// Returns a cell of the details of a replica.
pub fn cell(pod: &str, column: usize) -> String {
    format!(
        "[...document.querySelectorAll('tbody tr')].find(row => row.textContent.includes('{pod}')).cells[{column}].textContent"
    )
}

#[tokio::test]
async fn the_details_are_right_where_the_viewers_clock_is_wrong_and_a_replica_is_gone() -> Result<()> {
    let mut stage = Stage::before_load(Engine::Chromium, &[V1]).await?;
    stage
        .page
        .inject("Date.now = (now => () => now() - 7_200_000)(Date.now)");
    stage.browser.open_page(&stage.page.url).await?;
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;
    let uptime = format!("/^[1-9][0-9]? (s|min)$/.test({})", cell("aaaaa", 7));
    stage.browser.until("its uptime is what it says", &uptime).await?;

    stage.add(V2.0, V2.1).await?;
    stage.browser.until("two lanes", &format!("{LANES} === 2")).await?;
    stage.kill_oldest().await?;
    let shares = format!(
        "{} === '\u{2013}' && {} === '100 %'",
        cell("aaaaa", 3),
        cell("bbbbb", 3)
    );
    stage.browser.until("one has all of the answers", &shares).await
}

#[tokio::test]
async fn without_news_of_a_rollout_the_page_says_where_to_look() -> Result<()> {
    let stage = Stage::with(&[V1]).await?;
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;
    stage.browser.click(".chip:nth-child(2) summary").await?;
    stage.browser.click(".chip:nth-child(2) .command button").await?;
    stage
        .browser
        .until_shown("No news of the rollout for 30 s. Is its image there? kubectl get pods says why")
        .await
}

#[tokio::test]
async fn a_submission_answered_at_the_second_attempt_is_retried_and_not_lost() -> Result<()> {
    let mut stage = Stage::with(&[V1]).await?;
    stage.add_in_reserve(V2.0, V2.1).await?;
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;
    stage.page.turn_away_a_submission().await;
    stage.only_newest();
    stage.until_more_than(0, "retried").await?;
    let retried = "document.querySelector('.slide .retries .diamond')";
    stage.browser.until("a mark for the first attempt", retried).await?;
    assert_eq!(stage.figure("lost").await?, 0);
    assert_eq!(
        stage.browser.value("document.querySelector('.losses rect')").await?,
        serde_json::json!(null)
    );
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
    stage.browser.until_shown(": this page was hidden").await?;
    stage.until_more_than(sent, "sent").await
}

#[tokio::test]
async fn the_keyboard_starts_the_load_sets_its_rate_and_stops_it() -> Result<()> {
    let stage = Stage::with(&[V1]).await?;
    for key in ["\t", "\t", " "] {
        // Past the form's button to the one that the space bar presses.
        stage.browser.press(key).await?;
    }
    stage.until_more_than(2, "answered").await?;
    // The focus is on the button that stops it.
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
    stage.toggle_load().await?;
    stage.until_more_than(5, "answered").await?;
    let broken = BackendProcess::start_with(V2.0, V2.1, &["--never-ready"]).await?;
    let working = stage.replicas[0].address;
    stage.page.set_all([working, broken.address]);
    stage.browser.until_shown("bbbbb (v2) is starting").await?;
    stage
        .browser
        .until_shown("v2 has not become ready: v1 keeps answering")
        .await?;
    stage
        .browser
        .until("a dashed box", "document.querySelector('.bands .not-ready')")
        .await?;
    stage.page.set_all([working]);
    stage
        .browser
        .until_shown("bbbbb is gone: it never became ready")
        .await?;
    stage.browser.until_shown("1 replica answers").await
}

#[tokio::test]
async fn a_command_can_be_copied_and_is_selected_for_browsers_without_a_clipboard() -> Result<()> {
    let stage = Stage::with(&[V1]).await?;
    stage.browser.click(".card .command button").await?;
    stage.browser.until_shown("Copied").await?;
    let selected = stage.browser.value("getSelection().toString()").await?;
    assert_eq!(selected, "kubectl scale deployment k8s-demo-backend --replicas=5");
    Ok(())
}
