//! Docker's containers, as a test wants them.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

const LIMIT: Duration = Duration::from_secs(30);

/// Runs docker and hands back what it prints.
pub async fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .await
        .context("docker cannot be started")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "docker {}: {said}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// What docker knows of an image.
pub async fn inspect(image: &str) -> Result<Value> {
    let list: Value = serde_json::from_str(&docker(&["image", "inspect", image]).await?)?;
    Ok(list[0].clone())
}

/// Containers on a network of their own, on which they find each other by name. All of it goes with this value.
pub struct Stage {
    network: String,
    pub http: Client,
}

impl Stage {
    /// An empty network.
    pub async fn new(test: &str) -> Result<Self> {
        let network = format!("k8s-demo-{test}-{}", std::process::id());
        docker(&["network", "create", &network]).await?;
        let http = Client::builder().no_proxy().timeout(LIMIT).build()?;
        Ok(Self { network, http })
    }

    /// Starts an image as k8s/ does: a read-only root, no capabilities. Hands back its address.
    async fn start(&self, image: &str, service: &str, port: u16) -> Result<String> {
        let name = format!("{}-{service}", self.network);
        let (alias, publish) = (
            format!("--network-alias={service}"),
            format!("--publish=127.0.0.1::{port}"),
        );
        docker(&[
            "run",
            "--detach",
            "--name",
            &name,
            "--network",
            &self.network,
            &alias,
            &publish,
            "--read-only",
            "--tmpfs=/tmp",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            image,
        ])
        .await?;
        let address = docker(&["port", &name, &port.to_string()]).await?;
        let url = format!("http://{address}");
        let give_up = Instant::now() + LIMIT;
        while self.http.get(format!("{url}/healthz")).send().await.is_err() {
            ensure!(
                Instant::now() < give_up,
                "{image} does not answer: {}",
                docker(&["logs", &name]).await?
            );
            sleep(Duration::from_millis(50)).await;
        }
        Ok(url)
    }

    /// Ends a container.
    pub async fn stop(&self, service: &str) -> Result<()> {
        docker(&["rm", "--force", &format!("{}-{service}", self.network)])
            .await
            .map(drop)
    }

    /// Starts the frontend.
    pub async fn frontend(&self) -> Result<String> {
        self.start("k8s-demo-frontend:v1", "frontend", 8080).await
    }

    /// Starts a backend under the name of its Service.
    pub async fn backend(&self) -> Result<String> {
        self.start("k8s-demo-backend:v1", "k8s-demo-backend-service", 8000)
            .await
    }

    /// Submits until the status is the one awaited: nginx asks DNS every two seconds.
    pub async fn submit_until(&self, url: &str, awaited: StatusCode) -> Result<Response> {
        let give_up = Instant::now() + LIMIT;
        loop {
            let submit = self
                .http
                .post(format!("{url}/api/submissions"))
                .json(&serde_json::json!({"name": "Ada"}));
            let response = submit.header("x-request-id", "test-1").send().await?;
            if response.status() == awaited {
                return Ok(response);
            }
            ensure!(
                Instant::now() < give_up,
                "answered with {} rather than {awaited}",
                response.status()
            );
            sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let script = format!(
            "docker ps --all --quiet --filter network={0} | xargs docker rm --force; docker network rm {0}",
            self.network
        );
        _ = std::process::Command::new("sh")
            .args(["-c", &script])
            .stdout(Stdio::null())
            .status();
    }
}
