//! Releases are rolled out and back.

use std::time::Duration;

use anyhow::{Result, bail};
use kube::api::DynamicObject;
use serde_json::json;

use super::Context;
use crate::{
    cluster::{
        rollout::{is_complete, is_stuck},
        wait::until,
        workload::Workload,
    },
    plan::scenario::Release,
};

/// The progress deadline of a Deployment while a broken release is rolled out. Kubernetes' default is ten minutes.
const PROGRESS_DEADLINE: u64 = 15;

impl Context<'_> {
    /// Rolls out a release so many times, every other time back. In between, it waits for rollouts only, unless `is_stable` is
    /// wanted: then also until the last old pod is gone.
    pub(super) async fn replace(&self, release: Release, times: u32, is_stable: bool) -> Result<()> {
        let with_template = |workload| Some((workload, Release::template(release, workload, self.settings)?));
        let targets: Vec<(&Workload, _)> = self.targets.iter().copied().filter_map(with_template).collect();
        let workloads: Vec<_> = targets.iter().map(|(workload, _)| *workload).collect();
        for time in 0..times {
            let is_back = time % 2 == 1;
            for (workload, template) in &targets {
                let (what, template) = match is_back {
                    false => (release.describe(workload), template.clone()),
                    true => (workload.image().to_owned(), workload.spec["template"].clone()),
                };
                self.log(format!("rolling out {what} in {}", workload.reference()));
                workload.set_template(template).await?;
            }
            self.cluster.rolled_out(&workloads).await?;
            if is_stable {
                self.cluster.wait_until_stable().await?;
            }
        }
        self.log("rolled out and back");
        Ok(())
    }

    /// Rolls out a broken release in all targets, waits until Kubernetes reports that the rollouts are stuck, and undoes them.
    pub(super) async fn get_stuck(&self, release: Release) -> Result<()> {
        for workload in &self.targets {
            let deadline = workload.spec["minReadySeconds"].as_u64().unwrap_or(0) + PROGRESS_DEADLINE;
            workload.set(&[("progressDeadlineSeconds", json!(deadline))]).await?;
            self.log(format!(
                "rolling out {} in {}",
                release.describe(workload),
                workload.reference()
            ));
            if let Some(template) = release.template(workload, self.settings) {
                workload.set_template(template).await?;
            }
        }
        for workload in &self.targets {
            self.until_stuck(workload).await?;
        }
        for workload in &self.targets {
            self.log(format!("undoing the rollout of {}", workload.reference()));
            workload.restore().await?;
        }
        self.cluster.rolled_out(&self.targets).await
    }

    /// Waits until the rollout has exceeded its progress deadline.
    async fn until_stuck(&self, workload: &Workload) -> Result<()> {
        let reference = workload.reference();
        let limit = self.cluster.wait.max(Duration::from_secs(2 * PROGRESS_DEADLINE));
        let is_over = |object: Option<&DynamicObject>| {
            object.is_some_and(|object| is_stuck(object) || is_complete(workload.kind, object))
        };
        let over = until(workload.api.clone(), &workload.name, is_over);
        let object = self
            .cluster
            .in_time("the rollout to be reported as stuck", limit, over)
            .await?;
        if !object.is_some_and(|object| is_stuck(&object)) {
            bail!("{reference}: the broken release replaced the running one");
        }
        let mut pods = self.cluster.pods.current().into_iter();
        let reason = pods.find_map(|pod| pod.reason.filter(|_| pod.workload == reference));
        let reason = reason.as_deref().unwrap_or("never ready");
        self.log(format!(
            "Kubernetes reports that the rollout of {reference} is stuck (new pod: {reason})"
        ));
        Ok(())
    }
}
