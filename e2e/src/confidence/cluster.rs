//! The application as it is deployed on the cluster, and what can be done to it.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::wait::{missing_image, rolled_out, until};
use super::{disruption, kubectl};

/// The pods of the application, and nobody else's.
pub(super) const PODS: &str = "app.kubernetes.io/part-of=k8s-demo";

/// One of the two Deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// The server of the submissions.
    Backend,
    /// nginx with the page.
    Frontend,
}

impl App {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Backend, Self::Frontend];

    /// Its label, which is its container's name also.
    pub fn name(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Frontend => "frontend",
        }
    }

    pub(super) fn deployment(self) -> String {
        format!("deployment/k8s-demo-{}", self.name())
    }

    fn service(self) -> String {
        format!("service/k8s-demo-{}-service", self.name())
    }
}

/// The application as it was found, to which [`Cluster::restore`] leads back.
#[derive(Debug, Clone)]
pub struct Cluster {
    backend: Value,
    frontend: Value,
    /// The node that is closed at the moment, if one is.
    pub(super) closed_node: Option<String>,
}

impl Cluster {
    /// Looks at what is deployed.
    ///
    /// # Errors
    /// Where kubectl has no cluster, or the cluster does not have the application, whole and ready.
    pub async fn find() -> Result<Self> {
        let get = async |app: App| {
            let deployment = kubectl::get(&[&app.deployment()]).await;
            deployment.context("deploy the application first: make deploy")
        };
        let cluster = Self {
            backend: get(App::Backend).await?,
            frontend: get(App::Frontend).await?,
            closed_node: None,
        };
        cluster
            .settle()
            .await
            .context("the application is not ready: kubectl get pods")?;
        Ok(cluster)
    }

    pub(super) fn found(&self, app: App) -> &Value {
        match app {
            App::Backend => &self.backend,
            App::Frontend => &self.frontend,
        }
    }

    pub(super) fn container(&self, app: App) -> &Value {
        &self.found(app)["spec"]["template"]["spec"]["containers"][0]
    }

    fn image(&self, app: App) -> &str {
        self.container(app)["image"].as_str().unwrap_or_default()
    }

    /// Where a Service's load balancer answers.
    ///
    /// # Errors
    /// Where the cluster gives it no address.
    pub async fn address(&self, app: App) -> Result<String> {
        let service = kubectl::get(&[&app.service()]).await?;
        let given = &service["status"]["loadBalancer"]["ingress"][0];
        let host = given["hostname"].as_str().or(given["ip"].as_str()).with_context(|| {
            let name = app.service();
            format!(
                "{name} has no external address. minikube: run `minikube tunnel`; kind: run cloud-provider-kind; or tell \
                 its address by --front-door and --backend"
            )
        })?;
        Ok(format!("http://{host}:{}", service["spec"]["ports"][0]["port"]))
    }

    /// Rolls out the images of that tag, or those that were found, to all these apps at once. Waits until the last replica of
    /// the old ones is told to leave.
    ///
    /// # Errors
    /// Where the cluster does not find such an image.
    pub async fn roll_out(&self, apps: &[App], tag: Option<&str>) -> Result<()> {
        for &app in apps {
            self.set_image(app, tag).await?;
        }
        tokio::select! {
            done = rolled_out(apps) => done,
            image = missing_image() => bail!("the cluster does not find the image {}: make images VERSION={}", image?, tag.unwrap_or("v1")),
        }
    }

    /// Gives the Deployment the image of that tag, or the one that was found.
    async fn set_image(&self, app: App, tag: Option<&str>) -> Result<()> {
        let found = self.image(app);
        let image = match tag {
            Some(tag) => format!(
                "{}:{tag}",
                found.rsplit_once(':').map_or(found, |(repository, _)| repository)
            ),
            None => found.to_owned(),
        };
        kubectl::run(&["set", "image", &app.deployment(), &format!("{}={image}", app.name())]).await?;
        Ok(())
    }

    /// Scales them, and waits until as many replicas are ready.
    pub async fn scale(&self, apps: &[App], replicas: u64) -> Result<()> {
        for app in apps {
            kubectl::run(&["scale", &app.deployment(), &format!("--replicas={replicas}")]).await?;
        }
        rolled_out(apps).await
    }

    /// Deletes one pod, as its owner would: it is told to end, and has its grace period.
    pub async fn delete_pod(&self, app: App) -> Result<()> {
        let (pod, _) = some_pod(app).await?;
        kubectl::run(&["delete", "pod", &pod, "--wait=false"]).await?;
        rolled_out(&[app]).await
    }

    /// Waits until there are exactly the pods that shall be, all of them ready: the last one that leaves is gone.
    pub async fn settle(&self) -> Result<()> {
        until("the pods to settle", async || {
            let pods = kubectl::get(&["pods", "--selector", PODS]).await?;
            let deployments = kubectl::get(&["deployments", "--selector", PODS]).await?;
            let wanted: u64 = items(&deployments)
                .filter_map(|deployment| deployment["spec"]["replicas"].as_u64())
                .sum();
            let there = items(&pods).count() as u64;
            let ready = items(&pods).filter(|pod| is_ready(pod)).count() as u64;
            Ok((there == wanted && ready == wanted).then_some(()))
        })
        .await
    }

    /// Puts everything back as it was found.
    pub async fn restore(&self) -> Result<()> {
        if let Some(node) = &self.closed_node {
            kubectl::run(&["uncordon", node]).await?;
        }
        for app in App::ALL {
            let replicas = format!("--replicas={}", self.found(app)["spec"]["replicas"]);
            self.set_image(app, None).await?;
            kubectl::run(&["scale", &app.deployment(), &replicas]).await?;
        }
        kubectl::run(&["delete", "pod", disruption::KILLER, "--now", "--ignore-not-found"]).await?;
        rolled_out(&App::ALL).await?;
        self.settle().await
    }
}

/// The objects of a list.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

/// A ready pod of the application, and its node.
pub(super) async fn some_pod(app: App) -> Result<(String, String)> {
    let pods = kubectl::get(&["pods", "--selector", &format!("app={}", app.name())]).await?;
    let pod = items(&pods).find(|pod| is_ready(pod));
    let pod = pod.with_context(|| format!("no pod of the {} is ready", app.name()))?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok((text(&pod["metadata"]["name"]), text(&pod["spec"]["nodeName"])))
}

pub(super) fn is_ready(pod: &Value) -> bool {
    let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    pod["metadata"]["deletionTimestamp"].is_null()
        && pod["status"]["conditions"]
            .as_array()
            .is_some_and(|conditions| conditions.iter().any(ready))
}
