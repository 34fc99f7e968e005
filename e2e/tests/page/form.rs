//! The form and its outcome.

use anyhow::Result;
use api::Problem;
use serde_json::json;

use crate::{fixture::Fixture, stand_in};

const NAME: &str = "document.querySelector('#name').value";
const ERROR: &str = "document.querySelector('#name-error').innerText";
const FOCUS: &str = "document.activeElement.id";

#[tokio::test]
async fn the_response_is_shown_with_its_pod_and_version() -> Result<()> {
    let fixture = Fixture::with(&[("backend-7d9f-abcde", "v7")]).await?;
    fixture.submit("Ada Lovelace").await?;
    for shown in ["Ada Lovelace", "backend-7d9f-abcde", "v7", " ms"] {
        fixture.browser.until_shown(shown).await?;
    }
    assert_eq!(fixture.browser.devtools().errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn enter_sends_the_same_name_again_and_typing_replaces_it() -> Result<()> {
    let fixture = Fixture::with(&[("backend-a", "v1")]).await?;
    fixture.submit("Ada").await?;
    fixture.browser.until_shown("backend-a").await?;
    assert_eq!(fixture.browser.value(FOCUS).await?, "name");
    assert_eq!(fixture.browser.value(NAME).await?, "Ada");
    fixture.submit("Grace").await?;
    fixture.browser.until_shown("Grace").await
}

#[tokio::test]
async fn validation_errors_appear_beside_the_field_after_the_first_submit() -> Result<()> {
    let fixture = Fixture::with(&[("backend-a", "v1")]).await?;
    let long = "x".repeat(65);
    fixture.browser.press(&long).await?;
    assert_eq!(fixture.browser.value(ERROR).await?, "");
    fixture.browser.press_enter().await?;
    fixture
        .browser
        .until_shown("Shorten the name to at most 64 characters; it has 65.")
        .await?;
    let field = "(field => [field.ariaInvalid, field.getAttribute('aria-describedby'), field.value.length])(document.querySelector('#name'))";
    assert_eq!(fixture.browser.value(field).await?, json!(["true", "name-error", 65]));
    // From now on while typing.
    fixture.browser.press("\u{e003}").await?; // Backspace
    fixture
        .browser
        .until("the error goes", &format!("{ERROR} === ''"))
        .await
}

#[tokio::test]
async fn a_number_of_characters_that_nobody_would_count_is_explained() -> Result<()> {
    let fixture = Fixture::with(&[("backend-a", "v1")]).await?;
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";
    fixture.submit(&family.repeat(10)).await?;
    fixture
        .browser
        .until_shown("it has 70. Accents and the parts of an emoji count, too.")
        .await
}

#[tokio::test]
async fn the_button_submits_and_returns_the_focus_to_the_field() -> Result<()> {
    let fixture = Fixture::with(&[("backend-a", "v1")]).await?;
    fixture.browser.press("Ada").await?;
    fixture.browser.click("form button").await?;
    fixture.browser.until_shown("backend-a").await?;
    assert_eq!(fixture.browser.value(FOCUS).await?, "name");
    Ok(())
}

#[tokio::test]
async fn while_the_backend_is_away_the_page_retries_and_then_says_so() -> Result<()> {
    let mut fixture = Fixture::with(&[("backend-a", "v1")]).await?;
    fixture.record_outcomes().await?;
    fixture.kill_oldest().await?;
    fixture.submit("Ada").await?;
    fixture.until_outcome("Trying again, attempt 2 of 3").await?;
    fixture.until_outcome("Trying again, attempt 3 of 3").await?;
    fixture.browser.until_shown("Not answered.").await?;
    assert_eq!(fixture.browser.value(NAME).await?, "Ada");

    fixture.add("backend-b", "v1").await?;
    fixture.browser.click(".outcome button").await?;
    fixture.browser.until_shown("backend-b").await
}

#[tokio::test]
async fn a_retry_reaches_a_backend_that_is_back_in_time() -> Result<()> {
    let mut fixture = Fixture::with(&[]).await?;
    fixture.record_outcomes().await?;
    fixture.add_in_reserve("backend-b", "v1").await?;
    let come_back = async {
        fixture.page.until_unanswered().await;
        fixture.only_newest();
        Ok(())
    };
    tokio::try_join!(come_back, fixture.submit("Ada"))?;
    fixture.browser.until_shown("backend-b").await?;
    fixture.until_outcome("Trying again").await?;
    fixture.browser.until_shown("of 3").await
}

#[tokio::test]
async fn an_attempt_at_a_hanging_backend_times_out_and_is_retried() -> Result<()> {
    let fixture = Fixture::with(&[]).await?;
    let hanging = stand_in::that_hangs()?;
    fixture.page.set_replicas([hanging.local_addr()?]);
    fixture.record_outcomes().await?;
    fixture.submit("Ada").await?;
    fixture
        .until_outcome("did not answer within 3 seconds. Trying again, attempt 2 of 3")
        .await
}

#[tokio::test]
async fn the_backends_validation_error_appears_beside_the_field() -> Result<()> {
    let fixture = Fixture::with(&[]).await?;
    let problem = Problem::new(422, "Unprocessable Content", "Look again.").with_error("name", "Not this name.");
    fixture.page.set_replicas([stand_in::that_rejects(problem)?]);
    fixture.submit("Ada").await?;
    fixture
        .browser
        .until("the error", &format!("{ERROR} === 'Not this name.'"))
        .await
}

#[tokio::test]
async fn any_other_rejection_is_shown_in_the_backends_words_and_not_retried() -> Result<()> {
    let fixture = Fixture::with(&[]).await?;
    let problem = Problem::new(413, "Content Too Large", "Send at most 4 KiB.");
    fixture.page.set_replicas([stand_in::that_rejects(problem)?]);
    fixture.submit("Ada").await?;
    fixture
        .browser
        .until_shown("Content Too Large Send at most 4 KiB.")
        .await
}
