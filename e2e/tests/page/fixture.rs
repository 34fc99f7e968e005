//! The fixture of all tests: a browser, the page, and replicas.

use anyhow::Result;
use e2e::{
    backend_process::BackendProcess,
    browser::{Browser, Engine},
    page_server::PageServer,
};

/// A browser, a server of the page, and the replicas behind it.
pub struct Fixture {
    pub browser: Browser,
    pub page: PageServer,
    pub replicas: Vec<BackendProcess>,
}

impl Fixture {
    /// Opens the page in Chromium, with replicas of these pods and versions, and waits until it is interactive.
    pub async fn with(replicas: &[(&str, &str)]) -> Result<Self> {
        let fixture = Self::before_load(Engine::Chromium, replicas).await?;
        fixture.browser.open_page(&fixture.page.url).await?;
        Ok(fixture)
    }

    /// Starts a browser and replicas, and loads nothing yet.
    pub async fn before_load(engine: Engine, replicas: &[(&str, &str)]) -> Result<Self> {
        let mut fixture = Self {
            browser: Browser::start_engine(engine).await?,
            page: PageServer::start()?,
            replicas: Vec::new(),
        };
        for (pod, version) in replicas {
            fixture.add(pod, version).await?;
        }
        Ok(fixture)
    }

    /// Starts one more replica.
    pub async fn add(&mut self, pod: &str, version: &str) -> Result<()> {
        self.add_process(BackendProcess::start(pod, version).await?);
        Ok(())
    }

    /// Starts one more replica, which injects faults.
    pub async fn add_with_faults(&mut self, pod: &str, version: &str) -> Result<()> {
        self.add_process(BackendProcess::start_with(pod, version, &["--faults"]).await?);
        Ok(())
    }

    fn add_process(&mut self, replica: BackendProcess) {
        self.replicas.push(replica);
        self.page
            .set_replicas(self.replicas.iter().map(|replica| replica.address));
    }

    /// Starts one more replica that receives no submissions yet.
    pub async fn add_in_reserve(&mut self, pod: &str, version: &str) -> Result<()> {
        self.replicas.push(BackendProcess::start(pod, version).await?);
        Ok(())
    }

    /// Kills the oldest replica and removes it from the Service.
    pub async fn kill_oldest(&mut self) -> Result<()> {
        self.replicas.remove(0).kill().await?;
        self.page
            .set_replicas(self.replicas.iter().map(|replica| replica.address));
        Ok(())
    }

    /// Sends everything to the newest replica from now on. The others keep running, like draining pods.
    pub fn only_newest(&self) {
        self.page
            .set_replicas(self.replicas.last().map(|replica| replica.address));
    }

    /// Records every outcome text from now on, however briefly it is shown.
    pub async fn record_outcomes(&self) -> Result<()> {
        let observe = "(status => {
            window.outcomes = [];
            const record = () => window.outcomes.push(status.innerText);
            new MutationObserver(record).observe(status, { subtree: true, childList: true, characterData: true });
            return true;
        })(document.querySelector('.outcome [role=status]'))";
        self.browser.value(observe).await?;
        Ok(())
    }

    /// Waits until an outcome with this text has been recorded.
    pub async fn until_outcome(&self, text: &str) -> Result<()> {
        let recorded = format!(
            "window.outcomes.some(text => text.includes({}))",
            serde_json::json!(text)
        );
        self.browser.until(&format!("an outcome {text:?}"), &recorded).await
    }

    /// Types a name into the focused field and presses Enter.
    pub async fn submit(&self, name: &str) -> Result<()> {
        self.browser.press(name).await?;
        self.browser.press_enter().await
    }
}
