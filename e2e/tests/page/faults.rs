//! The menu of faults, against stand-ins that follow the contract of `POST /api/faults`.

use anyhow::Result;
use e2e::browser::Engine;

use crate::{
    fixture::Fixture,
    stand_in::{self, Faults},
};

const PODS: [&str; 2] = ["backend-1-aaaaa", "backend-1-bbbbb"];

impl Fixture {
    /// Starts the load on two replicas, and waits until both are on the board.
    async fn with_faults(engine: Engine, faults: Faults) -> Result<Self> {
        let fixture = Self::before_load(engine, &[]).await?;
        let replicas = [
            stand_in::that_injects_faults(PODS[0], faults)?,
            stand_in::that_injects_faults(PODS[1], faults)?,
        ];
        fixture.page.set_replicas(replicas);
        fixture.browser.open_page(&fixture.page.url).await?;
        fixture.browser.click(".controls button").await?;
        let two = "document.querySelectorAll('.names li').length === 2";
        fixture.browser.until("two replicas", two).await?;
        Ok(fixture)
    }

    async fn second_pod(&self) -> Result<String> {
        let name = "document.querySelector('.names li:nth-child(2) .pod').textContent";
        Ok(self.browser.value(name).await?.as_str().unwrap_or_default().to_owned())
    }

    async fn is_menu_open(&self) -> Result<bool> {
        Ok(self
            .browser
            .value("document.querySelector('.faults').matches(':popover-open')")
            .await?
            == true)
    }

    async fn open_menu(&self) -> Result<()> {
        self.browser.click(".figures li:nth-child(2) .break").await
    }

    async fn choose_crash(&self) -> Result<()> {
        self.open_menu().await?;
        self.browser.click(".faults li:first-child button").await
    }
}

#[tokio::test]
async fn a_crash_reaches_its_replica_and_the_page_shows_the_restart_and_its_cost() -> Result<()> {
    let fixture = Fixture::with_faults(Engine::Chromium, Faults::On).await?;
    let pod = fixture.second_pod().await?;
    fixture.choose_crash().await?;
    fixture
        .browser
        .until_shown(&format!("{pod} crashed, back after "))
        .await?;
    let restarts = "[...document.querySelectorAll('[data-title=restarts]')].map(cell => cell.textContent).join()";
    assert_eq!(fixture.browser.value(restarts).await?, "0,1");
    assert!(!fixture.is_menu_open().await?);
    Ok(())
}

#[tokio::test]
async fn the_keyboard_opens_the_menu_chooses_a_fault_and_closes_it() -> Result<()> {
    let fixture = Fixture::with_faults(Engine::Chromium, Faults::On).await?;
    let pod = fixture.second_pod().await?;
    let button = "document.querySelector('.figures li:nth-child(2) .break')";
    fixture.browser.value(&format!("{button}.focus()")).await?;
    fixture.browser.press_enter().await?;
    assert!(fixture.is_menu_open().await?);
    fixture.browser.press("\u{e00c}").await?; // Escape
    assert!(!fixture.is_menu_open().await?);
    assert_eq!(
        fixture
            .browser
            .value(&format!("document.activeElement === {button}"))
            .await?,
        true
    );
    fixture.browser.press_enter().await?;
    fixture
        .browser
        .value("document.querySelector('.faults button').focus()")
        .await?;
    fixture.browser.press_enter().await?;
    fixture
        .browser
        .until_shown(&format!("{pod} crashed, back after "))
        .await
}

#[tokio::test]
async fn a_click_outside_closes_the_menu_which_is_never_cut_off() -> Result<()> {
    let fixture = Fixture::with_faults(Engine::Chromium, Faults::On).await?;
    for (width, height) in [(320, 568), (390, 844), (1_440, 900), (1_920, 1_080)] {
        fixture.browser.devtools().resize(width, height).await?;
        fixture.open_menu().await?;
        let inside = "(box => box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight)\
                      (document.querySelector('.faults').getBoundingClientRect())";
        assert_eq!(fixture.browser.value(inside).await?, true, "at {width} x {height}");
        fixture.browser.click("h1").await?;
        assert!(!fixture.is_menu_open().await?);
    }
    Ok(())
}

#[tokio::test]
async fn a_replica_that_does_not_inject_faults_has_no_menu() -> Result<()> {
    let fixture = Fixture::with_faults(Engine::Chromium, Faults::Off).await?;
    assert_eq!(
        fixture
            .browser
            .value("document.querySelectorAll('.break').length")
            .await?,
        0
    );
    let how = "document.querySelector('.details').textContent.includes('K8S_DEMO_FAULTS=true')";
    assert_eq!(
        fixture.browser.value(how).await?,
        true,
        "the details say how to switch them on"
    );
    Ok(())
}

#[tokio::test]
async fn a_request_for_a_fault_that_only_reaches_other_replicas_ends() -> Result<()> {
    let fixture = Fixture::with_faults(Engine::Chromium, Faults::Unreachable).await?;
    let pod = fixture.second_pod().await?;
    fixture.choose_crash().await?;
    fixture
        .browser
        .until_shown(&format!(
            "{pod} could not be broken: 20 attempts reached other replicas"
        ))
        .await
}

#[tokio::test]
async fn a_replica_that_no_longer_injects_faults_says_so() -> Result<()> {
    let fixture = Fixture::with_faults(Engine::Chromium, Faults::Announced).await?;
    fixture.choose_crash().await?;
    fixture.browser.until_shown("faults are turned off").await
}
