//! The workloads on the cluster: what they were, what they are, and how to get back.
//!
//! * [`access`]: which cluster, and as whom
//! * [`requests`]: a client of its API server
//! * [`workload`]: one workload as it was found, and changes to it
//! * [`release`]: how a release differs from the running one
//! * [`history`]: the revisions of a workload
//! * [`rights`]: why a scenario cannot be run
//! * [`pods`]: what happens to the pods, as it happens
//! * [`recorder`]: watches them
//! * [`rollout`]: whether a rollout is complete
//! * [`wait`]: waits until the cluster has done something
//! * [`services`]: their addresses, and which pods they send to
//! * [`node`]: nodes, and draining them
//! * [`node_pod`]: a pod that sees the processes of its node
//! * [`cleanup`]: what has to be cleaned up
//! * [`log`]: what was done, and when

pub mod access;
pub mod cleanup;
pub mod history;
pub mod log;
pub mod node;
pub mod node_pod;
pub mod pods;
mod recorder;
pub mod release;
mod requests;
pub mod rights;
pub mod rollout;
pub mod services;
pub mod wait;
pub mod workload;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::{
    autoscaling::v1::HorizontalPodAutoscaler,
    core::v1::{Pod, Service},
};
use kube::{Api, Client, api::ListParams};
use tokio_util::task::TaskTracker;

pub use self::access::Access;
use self::{cleanup::Cleanups, log::Log, node_pod::Image, pods::Pods, workload::Workload};
use crate::{error::describe, plan::Plan};

/// How long the cluster may take for one step.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(180);

/// The workloads of a plan, on a cluster.
pub struct Cluster {
    pub client: Client,
    pub context: String,
    pub namespace: String,
    /// The workloads of the plan, as they were found.
    pub workloads: Vec<Workload>,
    pub pods: Pods,
    pub log: Log,
    pub wait: Duration,
    node_image: Image,
    cleanups: Cleanups,
    requests: TaskTracker,
    /// The user's options, for commands to print.
    kubectl_options: Vec<String>,
}

impl Cluster {
    /// Takes the snapshot of the plan's workloads, and waits until all their pods are ready.
    pub async fn find(access: &Access, plan: &Plan) -> Result<Self> {
        let (config, context) = access.config().await?;
        let namespace = config.default_namespace.clone();
        let server = config.cluster_url.to_string();
        let (client, requests) = requests::client(config)?;
        client
            .apiserver_version()
            .await
            .with_context(|| format!("cannot reach the cluster of context {context:?} at {server}"))?;
        let all = ListParams::default();
        let services = Api::<Service>::namespaced(client.clone(), &namespace);
        let services = services.list(&all).await.context("cannot list the Services")?.items;
        let autoscalers = Api::<HorizontalPodAutoscaler>::namespaced(client.clone(), &namespace);
        // Who may not list them has to know whether there are any.
        let autoscalers = autoscalers.list(&all).await.map(|list| list.items).unwrap_or_default();
        let mut workloads = Vec::new();
        for settings in &plan.workloads {
            let mut workload = Workload::find(&client, &namespace, settings, &services).await?;
            let of_this = autoscalers.iter().find(|autoscaler| {
                let target = &autoscaler.spec.scale_target_ref;
                target.name == workload.name && target.kind == format!("{:?}", workload.kind)
            });
            workload.autoscaler = of_this.and_then(|autoscaler| autoscaler.metadata.name.clone());
            workloads.push(workload);
        }
        let cluster = Self {
            pods: Pods::watch(&Api::namespaced(client.clone(), &namespace), &workloads),
            node_image: Image::for_nodes(&plan.tool, &workloads),
            log: Log::default(),
            wait: plan.run.wait.unwrap_or(DEFAULT_WAIT),
            cleanups: Cleanups::default(),
            requests,
            kubectl_options: access.kubectl_options(),
            client,
            context,
            namespace,
            workloads,
        };
        cluster.wait_until_ready().await?;
        Ok(cluster)
    }

    /// Waits until no rollout is in progress and all pods are ready.
    async fn wait_until_ready(&self) -> Result<()> {
        for workload in &self.workloads {
            let now = workload.api.get(&workload.name).await?;
            let reference = workload.reference();
            if !workload.spec["template"]["metadata"]["annotations"][release::RELEASE].is_null() {
                bail!(
                    "{reference} has a release of another run of this program, nothing was changed: wait until that run is over. \
                     If it was killed, `kubectl rollout undo {reference}` restores the release before"
                );
            }
            if rollout::is_stuck(&now) {
                bail!(
                    "the rollout of {reference} is stuck, nothing was changed: see `kubectl rollout status {reference}`"
                );
            }
            if !rollout::is_complete(workload.kind, &now) && workload.spec["paused"] != true {
                eprintln!("{reference}: a rollout is in progress, waiting for it");
                let rolled_out = self.rolled_out(&[workload]).await;
                rolled_out.with_context(|| format!("{reference} is not ready, nothing was changed"))?;
            }
        }
        self.wait_until_stable()
            .await
            .context("the workloads are not ready, nothing was changed")
    }

    pub fn pod_api(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Waits for the responses to changes whose scenario was interrupted: the API server may still be making them.
    async fn wait_for_requests(&self) -> Result<()> {
        let finished = async {
            self.requests.wait().await;
            Ok(())
        };
        self.in_time("the responses of the API server", self.wait, finished)
            .await
    }

    /// Restores the workloads with their history, nodes, Services and namespaces as they were found, and waits until the pods
    /// are ready.
    pub async fn restore(&self) -> Result<()> {
        let mut errors = Vec::from_iter(self.wait_for_requests().await.err());
        errors.extend(self.clean_up_all().await.err());
        let mut restored = Vec::new();
        for workload in &self.workloads {
            match workload.restore().await {
                Ok(true) => restored.push(workload),
                Ok(false) => (),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            bail!(errors.iter().map(describe).collect::<Vec<_>>().join("; "));
        }
        if !restored.is_empty() {
            self.rolled_out(&restored).await?;
            self.wait_until_stable().await?;
        }
        for workload in restored {
            let history = workload.restore_history(&self.client, &self.namespace);
            self.in_time("the revisions to be restored", self.wait, history).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub mod tests {
    use serde_json::{Value, json};

    use kube::Config;

    use super::*;
    use crate::plan::workload::{Kind, WorkloadSettings};

    /// Returns `deployment/shop` with this spec.
    pub fn workload(mut spec: Value) -> Workload {
        spec["selector"] = json!({"matchLabels": {"app": "shop"}});
        let object = serde_json::from_value(json!({"metadata": {"name": "shop"}, "spec": spec})).unwrap();
        let service = json!({"spec": {"selector": {"app": "shop"}, "ports": [{"port": 80, "targetPort": "http"}]}});
        let services = [serde_json::from_value(service).unwrap()];
        let config = Config::new("http://localhost".parse().unwrap());
        let api = workload::api(&Client::try_from(config).unwrap(), "default", Kind::Deployment);
        Workload::from_object(
            Kind::Deployment,
            &object,
            &WorkloadSettings::named("shop").unwrap(),
            &services,
            api,
        )
        .unwrap()
    }

    #[tokio::test]
    async fn the_container_is_the_one_that_serves_the_port_of_a_service() {
        let serving = json!({"name": "shop", "image": "shop:v1", "ports": [{"name": "http", "containerPort": 8080}]});
        let template = json!({
            "metadata": {"labels": {"app": "shop"}},
            "spec": {"containers": [{"name": "sidecar", "image": "proxy:v7"}, serving]},
        });
        assert_eq!(workload(json!({"template": template})).image(), "shop:v1");
    }

    #[tokio::test]
    async fn programs_that_undo_changes_are_noticed() {
        let template = json!({"spec": {"containers": [{"name": "shop", "image": "shop:v1"}]}});
        assert_eq!(workload(json!({"template": template})).manager, None);
    }
}
