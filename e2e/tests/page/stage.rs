//! What every test here stands on: a browser, the page, and replicas.

use anyhow::Result;
use e2e::{backend_process::BackendProcess, browser::Browser, page_server::PageServer};

/// A browser that shows the page, and the replicas behind it.
pub struct Stage {
    pub browser: Browser,
    pub page: PageServer,
    pub replicas: Vec<BackendProcess>,
}

impl Stage {
    /// The page, taken over by its WebAssembly, with replicas of these pods and versions behind it.
    pub async fn with(replicas: &[(&str, &str)]) -> Result<Self> {
        let stage = Self::before_the_page(replicas).await?;
        stage.browser.open_page(&stage.page.url).await?;
        Ok(stage)
    }

    /// The same before the browser has loaded anything.
    pub async fn before_the_page(replicas: &[(&str, &str)]) -> Result<Self> {
        let mut stage = Self {
            browser: Browser::start().await?,
            page: PageServer::start()?,
            replicas: Vec::new(),
        };
        for (pod, version) in replicas {
            stage.add(pod, version).await?;
        }
        Ok(stage)
    }

    /// Starts one more replica.
    pub async fn add(&mut self, pod: &str, version: &str) -> Result<()> {
        self.replicas.push(BackendProcess::start(pod, version).await?);
        self.page
            .set_replicas(self.replicas.iter().map(|replica| replica.address));
        Ok(())
    }

    /// Starts one more replica, which gets no submission yet.
    pub async fn add_in_reserve(&mut self, pod: &str, version: &str) -> Result<()> {
        self.replicas.push(BackendProcess::start(pod, version).await?);
        Ok(())
    }

    /// Kills the oldest replica and sends nothing there any more, as a Service does once it has noticed.
    pub async fn kill_oldest(&mut self) -> Result<()> {
        self.replicas.remove(0).kill().await?;
        self.page
            .set_replicas(self.replicas.iter().map(|replica| replica.address));
        Ok(())
    }

    /// Sends everything to the newest replica from now on. The others live, as pods do that drain.
    pub fn only_newest(&self) {
        self.page
            .set_replicas(self.replicas.last().map(|replica| replica.address));
    }

    /// Remembers from now on all that the page tells of a submission, however short it is to be seen.
    pub async fn listen(&self) -> Result<()> {
        let observe = "(status => {
            window.told = [];
            const listen = () => window.told.push(status.innerText);
            new MutationObserver(listen).observe(status, { subtree: true, childList: true, characterData: true });
            return true;
        })(document.querySelector('.outcome [role=status]'))";
        self.browser.value(observe).await?;
        Ok(())
    }

    /// Waits until the page has told this since [`Stage::listen`].
    pub async fn until_told(&self, text: &str) -> Result<()> {
        let told = format!("window.told.some(told => told.includes({}))", serde_json::json!(text));
        self.browser.until(&format!("{text:?} is told"), &told).await
    }

    /// Types a name into the field, which has the focus, and presses Enter.
    pub async fn submit(&self, name: &str) -> Result<()> {
        self.browser.press(name).await?;
        self.browser.press_enter().await
    }
}
