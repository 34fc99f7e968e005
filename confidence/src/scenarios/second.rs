//! A second Deployment of the next image takes a share of the requests (canary), or all of them (blue-green).

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::time::sleep;

use super::Context;
use crate::{
    cluster::{cleanup::Cleanup, pods::SECOND, rollout::is_complete, wait::until, workload::Workload},
    plan::scenario::Release,
};

/// The label of the second Deployment's pods, so that a Service can tell them from the first one's.
const TRACK: &str = "kubectl-confidence/track";

/// How long each state is kept, so that requests show what it does.
const OBSERVATION: Duration = Duration::from_secs(5);

impl Context<'_> {
    /// Adds a canary to each target in turn, promotes it, and restores the target.
    pub(super) async fn canary(&self) -> Result<()> {
        for workload in &self.targets {
            self.log(format!(
                "a canary of {} joins {}",
                workload.next_image(),
                workload.reference()
            ));
            self.add_second(workload, "canary", 1).await?;
            sleep(OBSERVATION).await;
            self.log("the canary is promoted");
            if let Some(template) = Release::Next.template(workload, self.settings) {
                workload.set_template(template).await?;
            }
            self.cluster.rolled_out(&[workload]).await?;
            self.delete_second(workload).await?;
            self.log(format!("rolling back {}", workload.reference()));
            workload.set_template(workload.spec["template"].clone()).await?;
            self.cluster.rolled_out(&[workload]).await?;
        }
        Ok(())
    }

    /// Switches the Services of each target in turn to a second Deployment, and back. That includes headless Services.
    pub(super) async fn blue_green(&self) -> Result<()> {
        let cluster = self.cluster;
        for workload in &self.targets {
            let services = cluster.services_of(workload).await?;
            let blue = [("pod-template-hash".to_owned(), self.some_ready_pod(workload)?.release)];
            let green = [(TRACK.to_owned(), "green".to_owned())];
            // The Services are restored before the pods that they may send to are deleted: the last cleanup is the first.
            cluster.add_cleanup(Cleanup::delete::<Deployment>(&format!("{}{SECOND}", workload.name)));
            for (service, selector) in &services {
                cluster.add_cleanup(Cleanup::RestoreSelector(service.clone(), selector.clone()));
            }
            self.select(&services, &blue).await?;
            self.log(format!(
                "{} of {} starts outside of the Services",
                workload.next_image(),
                workload.reference()
            ));
            self.add_second(workload, "green", workload.replicas().unwrap_or(1))
                .await?;
            self.log("the Services are switched to it");
            self.select(&services, &green).await?;
            sleep(OBSERVATION).await;
            self.log("the Services are switched back");
            self.select(&services, &blue).await?;
            sleep(OBSERVATION).await;
            self.delete_second(workload).await?;
            for (service, selector) in services {
                cluster.clean_up(&Cleanup::RestoreSelector(service, selector)).await?;
            }
        }
        Ok(())
    }

    async fn select(
        &self,
        services: &BTreeMap<String, BTreeMap<String, String>>,
        label: &[(String, String)],
    ) -> Result<()> {
        for (service, selector) in services {
            let mut selector = selector.clone();
            selector.extend(label.iter().cloned());
            self.cluster.set_selector(service, &selector).await?;
        }
        Ok(())
    }

    /// Creates a second Deployment with the next image, and waits until its pods are ready.
    async fn add_second(&self, workload: &Workload, track: &str, replicas: u64) -> Result<()> {
        let name = format!("{}{SECOND}", workload.name);
        let mut spec = workload.spec.clone();
        spec["template"] = Release::Next.template(workload, self.settings).unwrap_or_default();
        spec["template"]["metadata"]["labels"][TRACK] = json!(track);
        spec["selector"]["matchLabels"][TRACK] = json!(track);
        spec["replicas"] = json!(replicas);
        let types = json!({"apiVersion": "apps/v1", "kind": "Deployment"});
        let mut object: DynamicObject = serde_json::from_value(types)?;
        object.metadata.name = Some(name.clone());
        object.data = json!({"spec": spec});
        self.cluster.add_cleanup(Cleanup::delete::<Deployment>(&name));
        let created = workload.api.create(&PostParams::default(), &object).await;
        created.with_context(|| format!("cannot create deployment/{name}"))?;
        self.until_complete(workload, &name).await
    }

    /// Scales the second Deployment to zero, and deletes it. If it were only deleted, its pods would stay until Kubernetes'
    /// garbage collector has found them, for more than a minute on a busy cluster.
    async fn delete_second(&self, workload: &Workload) -> Result<()> {
        let name = format!("{}{SECOND}", workload.name);
        self.log(format!("deleting deployment/{name}"));
        let no_replicas = Patch::Merge(json!({"spec": {"replicas": 0}}));
        workload.api.patch(&name, &PatchParams::default(), &no_replicas).await?;
        self.until_complete(workload, &name).await?;
        self.cluster.clean_up(&Cleanup::delete::<Deployment>(&name)).await
    }

    /// Waits until the rollout of a second Deployment is complete.
    async fn until_complete(&self, workload: &Workload, name: &str) -> Result<()> {
        let complete = until(workload.api.clone(), name, |second| {
            second.is_some_and(|second| is_complete(workload.kind, second))
        });
        let what = format!("the rollout of deployment/{name}");
        self.cluster.in_time(&what, self.cluster.wait, complete).await.map(drop)
    }
}
