//! Docker's containers, as a test wants them.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
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

/// A running container.
pub struct Container {
    id: String,
    /// Where it answers on this machine.
    pub url: String,
}

impl Container {
    /// Ends it.
    pub async fn stop(self) -> Result<()> {
        docker(&["rm", "--force", &self.id]).await.map(drop)
    }
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

    /// Starts the frontend. A Service would find it under its own name.
    pub async fn frontend(&self, options: &[&str]) -> Result<Container> {
        self.start("k8s-demo-frontend", 8080, options).await
    }

    /// Starts a backend. nginx finds it under the name of its Service.
    pub async fn backend(&self) -> Result<Container> {
        self.start("k8s-demo-backend", 8000, &[]).await
    }

    /// Starts an image as k8s/ does: a read-only root, no capabilities.
    async fn start(&self, image: &str, port: u16, options: &[&str]) -> Result<Container> {
        let alias = format!("--network-alias={image}-service");
        let publish = format!("--publish=127.0.0.1::{port}");
        let place = ["run", "--detach", "--network", &self.network, &alias, &publish];
        let locked = [
            "--read-only",
            "--tmpfs=/tmp",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
        ];
        let image = format!("{image}:v1");
        let id = docker(&[&place[..], &locked, options, &[&image]].concat()).await?;
        let url = format!("http://{}", docker(&["port", &id, &port.to_string()]).await?);
        let give_up = Instant::now() + LIMIT;
        while self.http.get(format!("{url}/healthz")).send().await.is_err() {
            let log = docker(&["logs", &id]).await?;
            ensure!(Instant::now() < give_up, "{image} does not answer: {log}");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Container { id, url })
    }

    /// Asks until the status is the one awaited: nginx asks DNS every two seconds.
    pub async fn until(&self, awaited: StatusCode, request: impl Fn(&Client) -> RequestBuilder) -> Result<Response> {
        let give_up = Instant::now() + LIMIT;
        loop {
            let response = request(&self.http).send().await?;
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
