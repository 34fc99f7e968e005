//! What every scenario works with, and what it says.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::{
    cluster::{Cluster, deployment::Deployment},
    plan::{route::Route, scenario_settings::ScenarioSettings},
};

/// What a scenario is about.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Description {
    /// What is done.
    pub happens: &'static str,
    /// What Kubernetes and the Deployments should do.
    pub expected: &'static str,
    /// What may be lost, and why.
    pub losses: &'static str,
}

/// What a scenario works with.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The routes on which requests are sent.
    pub routes: &'a [Route],
    /// The settings of single scenarios.
    pub settings: &'a ScenarioSettings,
    /// The Deployments that the scenario is about.
    pub targets: Vec<&'a Deployment>,
}

/// Losses that a scenario itself has found to be expected.
#[derive(Debug, Clone)]
pub struct ExpectedUntil {
    /// Name of the route.
    pub route: String,
    /// Losses of requests that were due before this time are expected.
    pub until: Duration,
    /// Why.
    pub reason: String,
}

impl Stage<'_> {
    /// Adds an event to the log.
    pub fn log(&self, text: impl Into<String>) {
        self.cluster.log.event(text);
    }

    /// Waits until the rollouts of the targets are complete.
    ///
    /// # Errors
    /// If they do not complete in time.
    pub async fn rolled_out(&self) -> Result<()> {
        self.cluster.rolled_out(&self.targets).await
    }
}
