//! The Deployments on the cluster: what they were, what they are, and how to get back.
//!
//! * [`kubectl`]: runs `kubectl`, with the user's context and login
//! * [`deployment`]: one Deployment as it was found, and changes to it
//! * [`pods`]: what happens to the pods, as it happens
//! * [`wait`]: waits until the cluster has done something
//! * [`node`]: nodes, and draining them
//! * [`tool`], [`tool_image`]: a pod that sees the processes of its node
//! * [`undo`]: what has to be undone
//! * [`log`]: what was done, and when

pub mod deployment;
pub mod kubectl;
pub mod log;
pub mod node;
pub mod pods;
mod shell;
pub mod tool;
pub mod tool_image;
pub mod undo;
pub mod wait;

use std::{net::Ipv6Addr, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::{deployment::Deployment, kubectl::Kubectl, log::Log, pods::Pods, tool_image::ToolImage, undo::Undo};
use crate::plan::{
    address::{Port, Url},
    deployment::{Deployment as Wanted, Tool},
    route::Route,
};

/// How long the cluster may take for one step.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(180);

/// The Deployments of a plan, on the cluster of the user's context.
#[derive(Debug)]
pub struct Cluster {
    /// Runs kubectl.
    pub kubectl: Kubectl,
    /// The name of the context.
    pub context: String,
    /// The namespace of the Deployments.
    pub namespace: String,
    /// The Deployments of the plan, as they were found.
    pub deployments: Vec<Deployment>,
    /// Their pods.
    pub pods: Pods,
    /// What was done.
    pub log: Log,
    /// How long the cluster may take for one step.
    pub wait: Duration,
    tool: ToolImage,
    undo: Undo,
}

impl Cluster {
    /// Takes the snapshot of the plan's Deployments, and waits until all their pods are ready. For this and every later step the
    /// cluster may take the time `wait`, by default [`DEFAULT_WAIT`].
    ///
    /// # Errors
    /// If kubectl reaches no cluster, or the cluster does not have the Deployments, or they are not ready.
    pub async fn find(kubectl: Kubectl, wanted: &[Wanted], tool: &Tool, wait: Option<Duration>) -> Result<Self> {
        let config = kubectl.run(&["config", "view", "--minify", "--output", "json"]).await?;
        let config: Value = serde_json::from_str(&config).context("kubectl config view did not print JSON")?;
        let context = config["current-context"].as_str().unwrap_or_default();
        let context = kubectl.context().unwrap_or(context).to_owned();
        let namespace = config["contexts"][0]["context"]["namespace"]
            .as_str()
            .unwrap_or("default");
        let namespace = kubectl.namespace().unwrap_or(namespace).to_owned();
        let mut deployments = Vec::new();
        for wanted in wanted {
            deployments.push(Deployment::find(&kubectl, wanted).await?);
        }
        let pods = Pods::watch(&kubectl, &deployments);
        let tool = ToolImage::choose(tool, &deployments);
        let cluster = Self {
            kubectl,
            context,
            namespace,
            deployments,
            pods,
            log: Log::default(),
            wait: wait.unwrap_or(DEFAULT_WAIT),
            tool,
            undo: Undo::default(),
        };
        cluster.settled().await.context("the Deployments are not ready")?;
        Ok(cluster)
    }

    /// Returns the address of a route: its own, or that of the load balancer of its Service.
    ///
    /// # Errors
    /// If the Service has no external address.
    pub async fn address(&self, route: &Route) -> Result<Url> {
        if let Some(url) = &route.url {
            return Ok(url.clone());
        }
        let name = route.service.as_deref().unwrap_or_default();
        let service = self.kubectl.get(&["service", name]).await?;
        let host = external_host(&service).with_context(|| {
            format!(
                "service/{name} has no external address. minikube: run `minikube tunnel`. kind: run cloud-provider-kind. \
                 Or give its address: --url {:?}",
                format!("{}=http://HOST:PORT", route.name.as_ref())
            )
        })?;
        let ports = service["spec"]["ports"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let port = ports.iter().find(|port| match &route.port {
            None => true,
            Some(Port::Number(number)) => port["port"] == *number,
            Some(Port::Name(name)) => port["name"] == *name,
        });
        let port = port.and_then(|port| u16::try_from(port["port"].as_u64()?).ok());
        Ok(Url {
            host,
            port: port.with_context(|| format!("service/{name} has no port {:?}", route.port))?,
            path: None,
        })
    }

    /// Returns the nodes of the pods behind a Service.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn nodes_behind(&self, service: &str) -> Result<Vec<String>> {
        let service = self.kubectl.get(&["service", service]).await?;
        let labels = service["spec"]["selector"].as_object();
        let labels: Vec<_> = labels
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
            .collect();
        let pods = self.kubectl.get(&["pods", "--selector", &labels.join(",")]).await?;
        Ok(kubectl::items(&pods)
            .filter_map(|pod| pod["spec"]["nodeName"].as_str())
            .map(str::to_owned)
            .collect())
    }

    /// Restores the Deployments, nodes and namespaces as they were found, and waits until the pods are ready.
    ///
    /// # Errors
    /// With everything that could not be restored.
    pub async fn restore(&self) -> Result<()> {
        let mut errors = Vec::from_iter(self.undo.all(&self.kubectl).await.err());
        for deployment in &self.deployments {
            errors.extend(deployment.restore(&self.kubectl).await.err());
        }
        if !errors.is_empty() {
            let errors: Vec<_> = errors.iter().map(|error| format!("{error:#}")).collect();
            bail!(errors.join("; "));
        }
        self.rolled_out(&self.all()).await?;
        self.settled().await
    }

    /// Returns the commands that restore everything, for a person to type.
    pub fn restore_commands(&self) -> Vec<String> {
        let mut commands = self.undo.commands(&self.kubectl);
        commands.extend(
            self.deployments
                .iter()
                .map(|deployment| deployment.restore_command(&self.kubectl)),
        );
        commands
    }

    /// Returns all Deployments.
    pub fn all(&self) -> Vec<&Deployment> {
        self.deployments.iter().collect()
    }
}

/// Returns the host of a Service's load balancer. Where an entry has a hostname and an IP, the hostname is the one that
/// the cloud wants clients to use.
fn external_host(service: &Value) -> Option<String> {
    let entries = service["status"]["loadBalancer"]["ingress"].as_array()?;
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    entries
        .iter()
        .find_map(|entry| text(&entry["hostname"]).or(text(&entry["ip"])))
        .map(|host| {
            // Some providers write an IPv6 address in brackets.
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            match bare.parse::<Ipv6Addr>() {
                Ok(_) => bare.to_owned(),
                Err(_) => host,
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_load_balancer_has_a_hostname_or_an_ip_or_both_or_an_ipv6_address() {
        let host = |entries: Value| external_host(&json!({"status": {"loadBalancer": {"ingress": entries}}}));
        assert_eq!(host(json!([{"ip": "192.0.2.1"}])).as_deref(), Some("192.0.2.1"));
        assert_eq!(
            host(json!([{"hostname": "lb.test", "ip": "192.0.2.1"}])).as_deref(),
            Some("lb.test")
        );
        assert_eq!(
            host(json!([{"hostname": "", "ip": "192.0.2.1"}])).as_deref(),
            Some("192.0.2.1")
        );
        assert_eq!(host(json!([{}, {"ip": "fd00::1"}])).as_deref(), Some("fd00::1"));
        assert_eq!(host(json!([{"ip": "[fd00::1]"}])).as_deref(), Some("fd00::1"));
        assert_eq!(host(json!([])), None);
        assert_eq!(external_host(&json!({"status": {"loadBalancer": {}}})), None);
    }
}
