//! The menu of faults, against stand-ins that follow the contract of `POST /api/faults`.

use anyhow::Result;
use e2e::browser::Engine;

use crate::{
    stage::Stage,
    stand_in::{self, Faults},
};

const PODS: [&str; 2] = ["backend-1-aaaaa", "backend-1-bbbbb"];

/// The menu of the second replica.
const MENU: &str = "tbody tr:nth-child(2) details";

impl Stage {
    /// Starts the load on two replicas, and waits until both are on the board.
    async fn with_faults(engine: Engine, faults: Faults) -> Result<Self> {
        let stage = Self::before_load(engine, &[]).await?;
        let replicas = [
            stand_in::that_injects_faults(PODS[0], faults)?,
            stand_in::that_injects_faults(PODS[1], faults)?,
        ];
        stage.page.set_replicas(replicas);
        stage.browser.open_page(&stage.page.url).await?;
        stage.browser.click(".controls button").await?;
        let two = "document.querySelectorAll('tbody tr').length === 2";
        stage.browser.until("two replicas", two).await?;
        Ok(stage)
    }

    async fn second_pod(&self) -> Result<String> {
        let name = "document.querySelector('tbody tr:nth-child(2) .pod').textContent.slice(-5)";
        Ok(self.browser.value(name).await?.as_str().unwrap_or_default().to_owned())
    }

    async fn is_menu_open(&self) -> Result<bool> {
        let open = format!("document.querySelector('{MENU}').open");
        Ok(self.browser.value(&open).await? == true)
    }

    async fn choose_crash(&self) -> Result<()> {
        self.browser.click(&format!("{MENU} summary")).await?;
        self.browser.click(&format!("{MENU} li:first-child button")).await
    }
}

#[tokio::test]
async fn a_crash_reaches_its_replica_and_the_board_shows_the_restart_and_its_cost() -> Result<()> {
    let stage = Stage::with_faults(Engine::Chromium, Faults::On).await?;
    let pod = stage.second_pod().await?;
    stage.choose_crash().await?;
    stage
        .browser
        .until_shown(&format!("{pod} crashed and was back after "))
        .await?;
    stage.browser.until_shown(" s, 0 lost").await?;
    let restarts = "[...document.querySelectorAll('[data-title=restarts]')].map(cell => cell.textContent).join()";
    assert_eq!(stage.browser.value(restarts).await?, "0,1");
    for mark in ["broken", "recovered"] {
        let drawn = format!("document.querySelector('.track .{mark}:not([d=\"\"])')");
        stage.browser.until(&format!("a mark: {mark}"), &drawn).await?;
    }
    assert!(!stage.is_menu_open().await?);
    Ok(())
}

#[tokio::test]
async fn the_keyboard_opens_the_menu_chooses_a_fault_and_closes_it() -> Result<()> {
    let stage = Stage::with_faults(Engine::Chromium, Faults::On).await?;
    let pod = stage.second_pod().await?;
    let focus = format!("document.querySelector('{MENU} summary').focus()");
    stage.browser.value(&focus).await?;
    stage.browser.press_enter().await?;
    assert!(stage.is_menu_open().await?);
    stage.browser.press("\t").await?;
    stage.browser.press("\u{e00c}").await?; // Escape
    assert!(!stage.is_menu_open().await?);
    let focused = format!("document.activeElement === document.querySelector('{MENU} summary')");
    assert_eq!(stage.browser.value(&focused).await?, true);
    for key in ["\u{e007}", "\t", "\u{e007}"] {
        // Enter opens the menu, Tab moves to its first fault, Enter chooses it.
        stage.browser.press(key).await?;
    }
    stage
        .browser
        .until_shown(&format!("{pod} crashed and was back after "))
        .await
}

#[tokio::test]
async fn a_replica_that_does_not_inject_faults_has_no_menu() -> Result<()> {
    let stage = Stage::with_faults(Engine::Chromium, Faults::Off).await?;
    assert_eq!(
        stage
            .browser
            .value("document.querySelectorAll('details').length")
            .await?,
        0
    );
    Ok(())
}

#[tokio::test]
async fn a_request_for_a_fault_that_only_reaches_other_replicas_ends() -> Result<()> {
    let stage = Stage::with_faults(Engine::Chromium, Faults::Unreachable).await?;
    let pod = stage.second_pod().await?;
    stage.choose_crash().await?;
    stage
        .browser
        .until_shown(&format!("{pod} has no fault: 20 attempts reached other replicas"))
        .await
}

#[tokio::test]
async fn a_replica_that_no_longer_injects_faults_says_so() -> Result<()> {
    let stage = Stage::with_faults(Engine::Chromium, Faults::Announced).await?;
    stage.choose_crash().await?;
    stage.browser.until_shown("faults are turned off").await
}
