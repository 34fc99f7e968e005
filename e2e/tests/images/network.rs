//! Docker containers for a test: a network of its own, on which they find each other by name.

use std::{process::Stdio, time::Duration};

use anyhow::{Result, ensure};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::time::{Instant, sleep};

use crate::{
    container::{Container, LIMIT, docker},
    submission,
};

/// Containers on a network of their own. All of it is removed when this value is dropped.
pub struct Network {
    name: String,
    pub http: Client,
}

impl Network {
    /// Creates an empty network.
    pub async fn new(test: &str) -> Result<Self> {
        let name = format!("k8s-demo-{test}-{}", std::process::id());
        docker(&["network", "create", &name]).await?;
        let http = Client::builder().no_proxy().timeout(LIMIT).build()?;
        Ok(Self { name, http })
    }

    /// Starts the frontend, under the name of its headless Service.
    pub async fn frontend(&self, options: &[&str]) -> Result<Container> {
        let names = ["--network-alias=k8s-demo-frontend-pods"];
        self.start("k8s-demo-frontend", 8080, &[&names, options].concat(), &[])
            .await
    }

    /// Starts a backend pod, under the names of all Services.
    pub async fn backend(&self) -> Result<Container> {
        let names = [
            "--network-alias=k8s-demo-backend-pods",
            "--network-alias=k8s-demo-backend-all-pods",
            "--network-alias=k8s-demo-backend-service",
        ];
        self.start("k8s-demo-backend", 8000, &names, &[]).await
    }

    /// Starts a backend and a frontend, and waits until a submission succeeds.
    pub async fn serving(test: &str) -> Result<(Self, Container, Container)> {
        let network = Self::new(test).await?;
        let backend = network.backend().await?;
        let frontend = network.frontend(&[]).await?;
        network
            .until(StatusCode::OK, |http| submission(http, &frontend.url))
            .await?;
        Ok((network, backend, frontend))
    }

    /// Starts a backend pod that is not ready: only the Service of all pods knows it.
    pub async fn backend_not_ready(&self) -> Result<Container> {
        let options = [
            "--network-alias=k8s-demo-backend-all-pods",
            "--env=K8S_DEMO_NEVER_READY=true",
        ];
        self.start("k8s-demo-backend", 8000, &options, &[]).await
    }

    /// Starts nginx with a server block of a test, as another proxy or as a stand-in for the backend.
    pub async fn nginx(&self, server: &str, port: u16, options: &[&str]) -> Result<Container> {
        let configuration = format!(
            "daemon off; pid /tmp/pid; events {{}} http {{ client_body_temp_path /tmp/1; proxy_temp_path /tmp/2; \
             fastcgi_temp_path /tmp/3; uwsgi_temp_path /tmp/4; scgi_temp_path /tmp/5; access_log off; \
             server {{ listen {port}; {server} }} }}"
        );
        let variable = format!("--env=CONFIGURATION={configuration}");
        let options = [&["--entrypoint=sh", &variable], options].concat();
        let script = "echo \"$CONFIGURATION\" >/tmp/conf && exec nginx -c /tmp/conf -e /dev/stderr";
        self.start("k8s-demo-frontend", port, &options, &["-c", script]).await
    }

    /// Starts an image as k8s/ does: read-only root file system, no capabilities.
    async fn start(&self, image: &str, port: u16, options: &[&str], command: &[&str]) -> Result<Container> {
        let publish = format!("--publish=127.0.0.1::{port}");
        let place = ["run", "--detach", "--network", &self.name, &publish];
        let locked = [
            "--read-only",
            "--tmpfs=/tmp",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
        ];
        let image = format!("{image}:v1");
        let id = docker(&[&place[..], &locked, options, &[&image], command].concat()).await?;
        let url = format!("http://{}", docker(&["port", &id, &port.to_string()]).await?);
        let give_up = Instant::now() + LIMIT;
        while self.http.get(format!("{url}/healthz")).send().await.is_err() {
            let log = docker(&["logs", &id]).await?;
            ensure!(Instant::now() < give_up, "{image} does not respond: {log}");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Container { id, url })
    }

    /// Repeats a request until the response has the expected status: nginx asks DNS every two seconds.
    pub async fn until(&self, expected: StatusCode, request: impl Fn(&Client) -> RequestBuilder) -> Result<Response> {
        let give_up = Instant::now() + LIMIT;
        loop {
            let response = request(&self.http).send().await?;
            if response.status() == expected {
                return Ok(response);
            }
            ensure!(
                Instant::now() < give_up,
                "the status stays {} instead of {expected}",
                response.status()
            );
            sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let script = format!(
            "docker ps --all --quiet --filter network={0} | xargs docker rm --force; docker network rm {0}",
            self.name
        );
        _ = std::process::Command::new("sh")
            .args(["-c", &script])
            .stdout(Stdio::null())
            .status();
    }
}
