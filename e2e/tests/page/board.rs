//! The load generator, and what the page shows of the cluster.

use anyhow::Result;
use e2e::{backend_process::BackendProcess, browser::Engine};

use crate::fixture::Fixture;

const V1: (&str, &str) = ("backend-1-aaaaa", "v1");
const V2: (&str, &str) = ("backend-2-bbbbb", "v2");

pub const LANES: &str = "document.querySelectorAll('.names li').length";

/// Returns a figure of the totals.
fn figure(name: &str) -> String {
    format!("Number(document.querySelector('[data-figure={name}] dd').innerText.replace(/\\D/g, ''))")
}

impl Fixture {
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
    let fixture = Fixture::with(&[V1]).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(20, "answered").await?;
    fixture.toggle_load().await?;

    let (sent, answered) = (fixture.figure("sent").await?, fixture.figure("answered").await?);
    assert_eq!((sent, fixture.figure("lost").await?), (answered, 0));
    // The form still works, so the page is alive. Nothing has been sent in the meantime.
    fixture.browser.click("#name").await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("Hello, Ada").await?;
    assert_eq!(fixture.figure("sent").await?, sent);
    Ok(())
}

#[tokio::test]
async fn the_rate_follows_the_slider() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    fixture.browser.click("#rate").await?;
    fixture.browser.press("\u{e010}").await?; // End
    fixture
        .browser
        .until("50 is chosen", "document.querySelector('output').innerText === '50'")
        .await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(200, "answered").await
}

#[tokio::test]
async fn two_versions_show_as_two_lanes_and_a_rollout() -> Result<()> {
    let mut fixture = Fixture::with(&[V1]).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(40, "answered").await?;

    fixture.add(V2.0, V2.1).await?;
    fixture.browser.until("two lanes", &format!("{LANES} === 2")).await?;
    fixture
        .browser
        .until_shown("v2 is taking over: 1 of 2 replicas")
        .await?;
    let looks = "new Set([...document.querySelectorAll('.names .mark')].map(mark => mark.dataset.v)).size";
    assert_eq!(fixture.browser.value(looks).await?, 2, "each version has its mark");
    let areas = "document.querySelectorAll('.slide .ribbon .area').length === 2";
    fixture.browser.until("two areas of the ribbon", areas).await?;

    fixture.only_newest();
    fixture.browser.until_shown("v2 took over in").await?;
    fixture.browser.until_shown("nothing lost").await?;
    assert_eq!(fixture.figure("lost").await?, 0);
    let seen = "document.querySelector('.chip:nth-child(2)').matches('[data-seen]')";
    fixture.browser.until("the experiment has a tick", seen).await?;
    let gone = "document.querySelector('.names li').matches('[data-gone]')";
    fixture.browser.until("the old replica is dimmed", gone).await
}

#[tokio::test]
async fn an_outage_is_the_headline_until_a_replica_answers_again() -> Result<()> {
    let mut fixture = Fixture::with(&[V1]).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(5, "answered").await?;
    fixture.kill_oldest().await?;
    fixture.browser.until_shown("No replica answers, for ").await?;
    fixture.until_more_than(3, "lost").await?;
    fixture
        .browser
        .until("a bar", "document.querySelector('.losses rect')")
        .await?;
    let gone = "document.querySelector('.names li').matches('[data-gone]') && !document.querySelector('.break')";
    fixture
        .browser
        .until("the lane is dimmed and has no menu", gone)
        .await?;

    let answered = fixture.figure("answered").await?;
    fixture.add(V2.0, V2.1).await?;
    fixture.until_more_than(answered, "answered").await?;
    fixture.browser.until_shown(" lost. 1 replica answers").await?;
    let costs = "document.querySelector('.log').innerText.includes('No replica answered for')";
    fixture.browser.until("the log has the outage", costs).await
}

/// Returns a cell of the details of a replica.
pub fn cell(pod: &str, column: usize) -> String {
    format!(
        "[...document.querySelectorAll('tbody tr')].find(row => row.textContent.includes('{pod}')).cells[{column}].textContent"
    )
}

#[tokio::test]
async fn the_details_are_right_where_the_viewers_clock_is_wrong_and_a_replica_is_gone() -> Result<()> {
    let mut fixture = Fixture::before_load(Engine::Chromium, &[V1]).await?;
    fixture
        .page
        .inject("Date.now = (now => () => now() - 7_200_000)(Date.now)");
    fixture.browser.open_page(&fixture.page.url).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(5, "answered").await?;
    let uptime = format!("/^[1-9][0-9]? (s|min)$/.test({})", cell("aaaaa", 7));
    fixture.browser.until("its uptime is what it says", &uptime).await?;

    fixture.add(V2.0, V2.1).await?;
    fixture.browser.until("two lanes", &format!("{LANES} === 2")).await?;
    fixture.kill_oldest().await?;
    let shares = format!(
        "{} === '\u{2013}' && {} === '100 %'",
        cell("aaaaa", 3),
        cell("bbbbb", 3)
    );
    fixture.browser.until("one has all of the answers", &shares).await
}

#[tokio::test]
async fn without_news_of_a_rollout_the_page_says_where_to_look() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(5, "answered").await?;
    fixture.browser.click(".chip:nth-child(2) summary").await?;
    fixture.browser.click(".chip:nth-child(2) .command button").await?;
    fixture
        .browser
        .until_shown("No news of the rollout for 30 s. Is its image there? kubectl get pods says why")
        .await
}

#[tokio::test]
async fn a_submission_answered_at_the_second_attempt_is_retried_and_not_lost() -> Result<()> {
    let mut fixture = Fixture::with(&[V1]).await?;
    fixture.add_in_reserve(V2.0, V2.1).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(5, "answered").await?;
    fixture.page.leave_a_submission_unanswered().await;
    fixture.only_newest();
    fixture.until_more_than(0, "retried").await?;
    let retried = "document.querySelector('.slide .retries .diamond')";
    fixture.browser.until("a mark for the first attempt", retried).await?;
    assert_eq!(fixture.figure("lost").await?, 0);
    assert_eq!(
        fixture.browser.value("document.querySelector('.losses rect')").await?,
        serde_json::json!(null)
    );
    Ok(())
}

#[tokio::test]
async fn a_hidden_page_pauses_and_says_so() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(5, "answered").await?;
    fixture.browser.devtools().minimise(true).await?;
    fixture
        .browser
        .until("its title says so", "document.title.startsWith('Paused')")
        .await?;
    let sent = fixture.figure("sent").await?;
    fixture.browser.devtools().minimise(false).await?;
    fixture.browser.until_shown(": this page was hidden").await?;
    fixture.until_more_than(sent, "sent").await
}

#[tokio::test]
async fn the_keyboard_starts_the_load_sets_its_rate_and_stops_it() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    for key in ["\t", "\t", " "] {
        // Past the form's button to the one that the space bar presses.
        fixture.browser.press(key).await?;
    }
    fixture.until_more_than(2, "answered").await?;
    // The focus is on the button that stops it.
    fixture.browser.press("\t").await?;
    fixture.browser.press("\u{e014}").await?; // right arrow
    fixture
        .browser
        .until("11 is chosen", "document.querySelector('output').innerText === '11'")
        .await?;
    fixture.browser.press("\u{e008}\t").await?; // Shift and Tab, back to the button
    fixture.browser.press(" ").await?;
    fixture
        .browser
        .until(
            "it stops",
            "document.querySelector('.controls button').innerText === 'Keep submitting'",
        )
        .await
}

#[tokio::test]
async fn a_new_version_that_never_becomes_ready_is_reported_until_it_is_undone() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    fixture.toggle_load().await?;
    fixture.until_more_than(5, "answered").await?;
    let broken = BackendProcess::start_with(V2.0, V2.1, &["--never-ready"]).await?;
    let working = fixture.replicas[0].address;
    fixture.page.set_all([working, broken.address]);
    fixture.browser.until_shown("bbbbb (v2) is starting").await?;
    fixture
        .browser
        .until_shown("v2 has not become ready: v1 keeps answering")
        .await?;
    fixture
        .browser
        .until("a dashed box", "document.querySelector('.bands .not-ready')")
        .await?;
    fixture.page.set_all([working]);
    fixture
        .browser
        .until_shown("bbbbb is gone: it never became ready")
        .await?;
    fixture.browser.until_shown("1 replica answers").await
}

#[tokio::test]
async fn a_command_can_be_copied_and_is_selected_for_browsers_without_a_clipboard() -> Result<()> {
    let fixture = Fixture::with(&[V1]).await?;
    fixture.browser.click(".card .command button").await?;
    fixture.browser.until_shown("Copied").await?;
    let selected = fixture.browser.value("getSelection().toString()").await?;
    assert_eq!(selected, "kubectl scale deployment k8s-demo-backend --replicas=5");
    Ok(())
}
