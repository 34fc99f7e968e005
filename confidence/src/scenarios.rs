//! Runs what the table of scenarios says, by few executors.
//!
//! * [`releases`]: rolls out releases and back, also ones that get stuck
//! * [`second`]: canary and blue-green, by a second Deployment
//! * [`pods`]: deletes pods, and kills their processes
//! * [`nodes`]: drains nodes, cuts their power, freezes their kubelet

mod nodes;
mod pods;
mod releases;
mod second;

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::{
    cluster::{
        Cluster,
        pods::{ObservedPod, PodState},
        workload::Workload,
    },
    plan::{
        route::Route,
        scenario::{Action, Scenario},
        settings::ScenarioSettings,
    },
};

/// What a scenario works with.
pub struct Context<'a> {
    pub cluster: &'a Cluster,
    /// The routes on which requests are sent.
    pub routes: &'a [Route],
    pub settings: &'a ScenarioSettings,
    /// The workloads that the scenario is about.
    pub targets: Vec<&'a Workload>,
}

/// Losses that a scenario itself has found to be expected.
#[derive(Debug, Clone)]
pub struct ExpectedUntil {
    /// Name of the route.
    pub route: String,
    /// Losses of requests that were due before this time are expected.
    pub until: Duration,
    pub reason: String,
}

impl Context<'_> {
    /// Makes a scenario happen, and waits until it has.
    pub async fn run(&self, scenario: Scenario) -> Result<Vec<ExpectedUntil>> {
        match scenario.action() {
            Action::Nothing => Ok(()),
            Action::Replace(release) => {
                let times = match scenario {
                    Scenario::Rollouts => self.settings.rollouts.count,
                    _ => 2,
                };
                self.replace(release, times, scenario.is_control()).await
            }
            Action::GetStuck(release) => self.get_stuck(release).await,
            Action::Scale if scenario == Scenario::ScaleToOne => self.scale(&[1]).await,
            Action::Scale => self.scale(&self.settings.scale.replicas).await,
            Action::Canary => self.canary().await,
            Action::BlueGreen => self.blue_green().await,
            Action::DeletePods => self.delete_pods().await,
            Action::KillProcesses => self.kill_processes().await,
            Action::DrainNodes => self.drain_nodes().await,
            Action::FreezeKubelet => self.freeze_kubelet().await,
            Action::CutPower => return self.cut_power().await,
        }?;
        Ok(Vec::new())
    }

    /// Scales all targets to each of these numbers of replicas, and back.
    async fn scale(&self, replicas: &[u32]) -> Result<()> {
        for &replicas in replicas {
            self.scale_to(|_| u64::from(replicas)).await?;
            if replicas == 1 {
                self.cluster.wait_until_stable().await?;
                self.log("one replica each is left");
            }
        }
        self.scale_to(|workload| workload.replicas().unwrap_or_default()).await
    }

    async fn scale_to(&self, replicas: impl Fn(&Workload) -> u64) -> Result<()> {
        for workload in &self.targets {
            let replicas = replicas(workload);
            self.log(format!("scaling {} to {replicas}", workload.reference()));
            workload.set(&[("replicas", json!(replicas))]).await?;
        }
        self.cluster.rolled_out(&self.targets).await
    }

    /// Returns a ready pod of a workload.
    fn some_ready_pod(&self, workload: &Workload) -> Result<ObservedPod> {
        let reference = workload.reference();
        let mut pods = self.cluster.pods.current().into_iter();
        pods.find(|pod| pod.workload == reference && pod.state == PodState::Ready)
            .with_context(|| format!("no pod of {reference} is ready"))
    }

    fn log(&self, text: impl Into<String>) {
        self.cluster.log.event(text);
    }
}
