//! A replica that is broken by its menu, and really is.

use anyhow::Result;

use crate::{
    board::{LANES, cell},
    fixture::Fixture,
};

async fn with_two_replicas() -> Result<Fixture> {
    let mut fixture = Fixture::with(&[]).await?;
    fixture.add_with_faults("backend-1-aaaaa", "v1").await?;
    fixture.add_with_faults("backend-1-bbbbb", "v1").await?;
    Ok(fixture)
}

/// One of two replicas is slow, at 50 submissions a second: as many are in flight as the browser can.
async fn with_a_slow_replica() -> Result<Fixture> {
    let fixture = with_two_replicas().await?;
    fixture.browser.click("#rate").await?;
    fixture.browser.press("\u{e010}").await?; // End
    fixture.break_first(4).await?;
    fixture.browser.until_shown("aaaaa answers slowly, for ").await?;
    Ok(fixture)
}

impl Fixture {
    /// Starts the load, and chooses an item of the first replica's menu.
    async fn break_first(&self, item: u32) -> Result<()> {
        self.toggle_load().await?;
        self.browser.until("two lanes", &format!("{LANES} === 2")).await?;
        self.browser.click(".break[aria-label$=aaaaa]").await?;
        self.browser
            .click(&format!(".faults li:nth-child({item}) button"))
            .await
    }
}

#[tokio::test]
async fn a_slow_replica_costs_no_losses_and_does_not_slow_the_others() -> Result<()> {
    let fixture = with_a_slow_replica().await?;
    fixture.browser.until_shown("of 50 /s: the browser's limit").await?;
    fixture.browser.until_shown("aaaaa answered slowly for ").await?;
    assert_eq!(
        (fixture.figure("lost").await?, fixture.figure("retried").await?),
        (0, 0)
    );
    let median = format!("parseInt({})", cell("bbbbb", 4));
    let median = fixture.browser.value(&median).await?;
    // The slow one takes half a second longer.
    assert!(
        median.as_u64() < Some(500),
        "the healthy replica's median is {median} ms"
    );
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_busy_for_longer_than_the_timeout_retries_nothing_that_was_answered() -> Result<()> {
    let fixture = with_a_slow_replica().await?;
    fixture.until_answered_more("aaaaa", 1).await?;
    // The answers to what is in flight arrive meanwhile. Chance decides whether the browser delivers them before the timeout.
    let busy = "(end => { while (performance.now() < end); })(performance.now() + 4000)";
    for _ in 0..4 {
        let sent = fixture.figure("sent").await?;
        fixture.browser.value(busy).await?;
        fixture.until_more_than(sent + 10, "answered").await?;
    }
    assert_eq!(
        (fixture.figure("lost").await?, fixture.figure("retried").await?),
        (0, 0)
    );
    Ok(())
}

#[tokio::test]
async fn a_frozen_replica_answers_nothing_while_the_other_keeps_answering() -> Result<()> {
    let fixture = with_two_replicas().await?;
    fixture.break_first(2).await?;
    fixture
        .browser
        .until_shown("aaaaa is frozen: 1 replica answers")
        .await?;
    // What it had accepted before is answered by now.
    fixture.until_answered_more("bbbbb", 5).await?;
    let frozen = fixture.browser.value(&cell("aaaaa", 2)).await?;
    fixture.until_answered_more("bbbbb", 5).await?;
    assert_eq!(fixture.browser.value(&cell("aaaaa", 2)).await?, frozen);
    Ok(())
}
