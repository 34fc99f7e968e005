//! What Debian's Prometheus sees of two replicas during a rollout: every query of the dashboard and every alert has data.
//!
//! `scripts/checks monitoring` installs Prometheus and runs this.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use e2e::backend_process::BackendProcess;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::sleep,
};

const COMPONENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/components/monitoring");
const TIMEOUT: Duration = Duration::from_secs(60);

/// A Prometheus with the alerts of `deploy/`, killed when dropped.
struct Prometheus {
    _process: Child,
    address: String,
    folder: TempDir,
    client: reqwest::Client,
}

impl Prometheus {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let rule: Value = serde_saphyr::from_str(&fs::read_to_string(
            Path::new(COMPONENT).join("backend.prometheusrule.yaml"),
        )?)?;
        fs::write(folder.path().join("rules.json"), rule["spec"].to_string())?;
        let config = json!({
            "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
            "rule_files": ["rules.json"],
            "scrape_configs": [{"job_name": "backend", "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}]}],
        });
        fs::write(folder.path().join("config.json"), config.to_string())?;
        let mut process = Command::new("prometheus")
            .args([
                "--config.file=config.json",
                "--web.listen-address=127.0.0.1:0",
                "--storage.tsdb.path=data",
            ])
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("prometheus does not start")?;
        let log = process.stderr.take().context("its log is a pipe")?;
        let mut log = BufReader::new(log).lines();
        let address = loop {
            let line = log.next_line().await?.context("prometheus ended")?;
            if line.contains("\"Listening on\"") {
                break line.rsplit_once("address=").context("an address")?.1.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            _process: process,
            address,
            folder,
            client,
        })
    }

    /// Sets which replicas are scraped. Prometheus reads the file every second.
    fn scrape(&self, replicas: &[SocketAddr]) -> Result<()> {
        let new = self.folder.path().join("targets.new");
        let targets: Vec<_> = replicas.iter().map(SocketAddr::to_string).collect();
        fs::write(&new, json!([{"targets": targets}]).to_string())?;
        Ok(fs::rename(new, self.folder.path().join("targets.json"))?)
    }

    /// Returns the samples of a query: their labels and values.
    async fn query(&self, query: &str) -> Result<Vec<(Value, f64)>> {
        let url = format!("http://{}/api/v1/query", self.address);
        let response: Value = self
            .client
            .post(url)
            .form(&[("query", query)])
            .send()
            .await?
            .json()
            .await?;
        let samples = response["data"]["result"]
            .as_array()
            .with_context(|| format!("{query}: {response}"))?;
        samples
            .iter()
            .map(|sample| {
                Ok((
                    sample["metric"].clone(),
                    sample["value"][1].as_str().context("a value")?.parse()?,
                ))
            })
            .collect()
    }

    /// Waits until a query has samples, and returns them.
    async fn until(&self, query: &str) -> Result<Vec<(Value, f64)>> {
        let started = Instant::now();
        loop {
            let samples = self.query(query).await?;
            if samples.iter().any(|(_, value)| value.is_finite()) {
                return Ok(samples);
            }
            if started.elapsed() > TIMEOUT {
                bail!("no data after {TIMEOUT:?}: {query}");
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Returns the queries of the dashboard as Grafana sends them.
fn dashboard() -> Result<Vec<String>> {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(Path::new(COMPONENT).join("dashboard.json"))?)?;
    let panels = dashboard["panels"].as_array().context("panels")?;
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    Ok(targets
        .filter_map(|target| target["expr"].as_str())
        .map(|query| query.replace("$__rate_interval", "5s").replace("$job", "backend"))
        .collect())
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_see_a_rollout() -> Result<()> {
    let prometheus = Prometheus::start().await?;
    let old = [
        BackendProcess::start("old-1", "v1").await?,
        BackendProcess::start("old-2", "v1").await?,
    ];
    prometheus.scrape(&old.each_ref().map(|replica| replica.admin))?;
    prometheus
        .until("count(backend_build_info{version=\"v1\"}) == 2")
        .await?;
    assert_eq!(prometheus.query("absent(backend_draining == 0)").await?, []);

    let new = BackendProcess::start("new-1", "v2").await?;
    let all = [old[0].address, old[1].address, new.address];
    prometheus.scrape(&[old[0].admin, old[1].admin, new.admin])?;
    let submissions = tokio::spawn(async move {
        let client = reqwest::Client::builder().no_proxy().build()?;
        loop {
            for replica in all {
                // The replica that ends refuses its connections at some time.
                let submission = client
                    .post(format!("http://{replica}/api/submissions"))
                    .json(&json!({"name": "Ada"}));
                drop(submission.send().await);
            }
            sleep(Duration::from_millis(20)).await;
        }
        #[expect(unreachable_code, reason = "names the type of the error")]
        anyhow::Ok(())
    });
    prometheus
        .until("count(count by (version) (backend_build_info)) == 2")
        .await?;
    let queries = dashboard()?;
    assert!(queries.len() >= 9);
    for query in &queries {
        let samples = prometheus.until(query).await.context("a query of the dashboard")?;
        assert!(
            samples.iter().all(|(labels, _)| labels.get("__name__").is_none()
                || query.starts_with(labels["__name__"].as_str().unwrap()))
        );
    }
    let by_version = queries.iter().find(|query| query.contains("sum by (version)"));
    let by_version = by_version.context("a panel of versions")?;
    prometheus.until(&format!("count({by_version}) == 2")).await?;

    old[0].terminate();
    let draining = prometheus.until("backend_draining == 1").await?;
    assert_eq!(draining[0].0["instance"], old[0].admin.to_string());
    submissions.abort();

    let url = format!("http://{}/api/v1/rules", prometheus.address);
    let rules: Value = prometheus.client.get(url).send().await?.json().await?;
    let rules = rules["data"]["groups"][0]["rules"].as_array().context("rules")?.clone();
    assert!(rules.len() >= 6);
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule}");
        assert_ne!(rule["state"], "firing", "{rule}");
    }
    Ok(())
}
