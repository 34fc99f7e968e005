//! The form and its answer.

use anyhow::Result;
use api::Problem;
use serde_json::json;

use crate::{stage::Stage, stand_in};

const NAME: &str = "document.querySelector('#name').value";
const ERROR: &str = "document.querySelector('#name-error').innerText";
const FOCUS: &str = "document.activeElement.id";

#[tokio::test]
async fn the_answer_is_shown_with_the_pod_and_the_version_that_gave_it() -> Result<()> {
    let stage = Stage::with(&[("backend-7d9f-abcde", "v7")]).await?;
    stage.submit("Ada Lovelace").await?;
    for shown in ["Ada Lovelace", "backend-7d9f-abcde", "v7", " ms"] {
        stage.browser.until_shown(shown).await?;
    }
    assert_eq!(stage.browser.devtools().errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn enter_alone_sends_the_same_name_again_and_typing_replaces_it() -> Result<()> {
    let stage = Stage::with(&[("backend-a", "v1")]).await?;
    stage.submit("Ada").await?;
    stage.browser.until_shown("backend-a").await?;
    assert_eq!(stage.browser.value(FOCUS).await?, "name");
    assert_eq!(stage.browser.value(NAME).await?, "Ada");
    stage.submit("Grace").await?;
    stage.browser.until_shown("Grace").await
}

#[tokio::test]
async fn an_invalid_name_is_told_beside_the_field_but_never_before_the_first_attempt() -> Result<()> {
    let stage = Stage::with(&[("backend-a", "v1")]).await?;
    let long = "x".repeat(65);
    stage.browser.press(&long).await?;
    assert_eq!(stage.browser.value(ERROR).await?, "");
    stage.browser.press_enter().await?;
    stage
        .browser
        .until_shown("Shorten the name to at most 64 characters; it has 65.")
        .await?;
    let field = "(field => [field.ariaInvalid, field.getAttribute('aria-describedby'), field.value.length])(document.querySelector('#name'))";
    assert_eq!(stage.browser.value(field).await?, json!(["true", "name-error", 65]));
    // From now on as one types.
    stage.browser.press("\u{e003}").await?; // Backspace
    stage.browser.until("the error goes", &format!("{ERROR} === ''")).await
}

#[tokio::test]
async fn the_button_submits_too_and_gives_the_focus_back_to_the_field() -> Result<()> {
    let stage = Stage::with(&[("backend-a", "v1")]).await?;
    stage.browser.press("Ada").await?;
    stage.browser.click("form button").await?;
    stage.browser.until_shown("backend-a").await?;
    assert_eq!(stage.browser.value(FOCUS).await?, "name");
    Ok(())
}

#[tokio::test]
async fn while_the_backend_is_away_the_page_tries_again_and_then_says_what_happened() -> Result<()> {
    let mut stage = Stage::with(&[("backend-a", "v1")]).await?;
    stage.listen().await?;
    stage.kill_oldest().await?;
    stage.submit("Ada").await?;
    stage.until_told("Trying again, 2 of 3").await?;
    stage.until_told("Trying again, 3 of 3").await?;
    stage.browser.until_shown("Not answered.").await?;
    assert_eq!(stage.browser.value(NAME).await?, "Ada");

    stage.add("backend-b", "v1").await?;
    stage.browser.click(".outcome button").await?;
    stage.browser.until_shown("backend-b").await
}

#[tokio::test]
async fn a_backend_that_comes_back_in_time_is_found_by_a_retry() -> Result<()> {
    let mut stage = Stage::with(&[]).await?;
    stage.listen().await?;
    stage.add_in_reserve("backend-b", "v1").await?;
    let come_back = async {
        stage.page.until_turned_away().await;
        stage.only_newest();
        Ok(())
    };
    tokio::try_join!(come_back, stage.submit("Ada"))?;
    stage.browser.until_shown("backend-b").await?;
    stage.until_told("Trying again").await?;
    stage.browser.until_shown("of 3").await
}

#[tokio::test]
async fn a_backend_that_hangs_is_given_up_in_time_and_tried_again() -> Result<()> {
    let stage = Stage::with(&[]).await?;
    let hanging = stand_in::that_hangs()?;
    stage.page.set_replicas([hanging.local_addr()?]);
    stage.listen().await?;
    stage.submit("Ada").await?;
    stage
        .until_told("did not answer within 3 seconds. Trying again, 2 of 3")
        .await
}

#[tokio::test]
async fn what_the_backend_finds_wrong_with_the_name_stands_beside_the_field() -> Result<()> {
    let stage = Stage::with(&[]).await?;
    let problem = Problem::new(422, "Unprocessable Content", "Look again.").with_error("name", "Not this name.");
    stage.page.set_replicas([stand_in::that_refuses(problem)?]);
    stage.submit("Ada").await?;
    stage
        .browser
        .until("the error", &format!("{ERROR} === 'Not this name.'"))
        .await
}

#[tokio::test]
async fn any_other_refusal_is_shown_in_the_words_of_the_backend_and_not_tried_again() -> Result<()> {
    let stage = Stage::with(&[]).await?;
    let problem = Problem::new(413, "Content Too Large", "Send at most 4 KiB.");
    stage.page.set_replicas([stand_in::that_refuses(problem)?]);
    stage.submit("Ada").await?;
    stage.browser.until_shown("Content Too Large Send at most 4 KiB.").await
}
