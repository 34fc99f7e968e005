//! What happens to the cluster while requests are sent. One file each: what is done, what Kubernetes should do, and what may
//! be lost and why.

mod always_ready;
mod broken_release;
mod crash_loop;
mod delete;
mod drain;
mod freeze;
mod kill;
mod missing_image;
mod no_drain;
mod no_prestop;
mod node;
mod restart;
mod rollout;
mod rollout_together;
mod rollouts;
mod scale;
mod scale_to_one;
mod steady;
mod stuck;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::cluster::deployment::Deployment;
use crate::plan::Plan;

/// One thing that happens to the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Nothing happens
    Steady,
    /// Each Deployment in turn is rolled out and back
    Rollout,
    /// All Deployments are rolled out and back at the same time
    RolloutTogether,
    /// All Deployments are rolled out and back, many times in a row
    Rollouts,
    /// kubectl rollout restart
    Restart,
    /// All Deployments are scaled up and down
    Scale,
    /// All Deployments are scaled to one replica and back
    ScaleToOne,
    /// A pod of each Deployment is deleted
    Delete,
    /// A release that never becomes ready is rolled out
    BrokenRelease,
    /// A release that crashes at start is rolled out
    CrashLoop,
    /// A release whose image does not exist is rolled out
    MissingImage,
    /// A process of each Deployment is killed by SIGKILL
    Kill,
    /// Every node that holds a pod is drained in turn
    Drain,
    /// A node loses power
    Node,
    /// The kubelet of a node stops for a while
    Freeze,
    /// Negative control: a rollout without a drain
    NoDrain,
    /// Negative control: a rollout without preStop
    NoPrestop,
    /// Negative control: a broken release with a readiness probe that always succeeds
    AlwaysReady,
}

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

/// A scenario and the Deployments that it is about: a row group of the report.
#[derive(Debug, Clone)]
pub struct Step {
    /// The scenario.
    pub scenario: Scenario,
    /// Indices into the plan's Deployments.
    pub targets: Vec<usize>,
}

/// What a scenario works with.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The plan.
    pub plan: &'a Plan,
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

impl Scenario {
    /// Returns whether the scenario touches nothing but the named Deployments, and should lose nothing: it is run by default.
    pub fn is_default(self) -> bool {
        !matches!(self, Self::Kill | Self::Drain | Self::Node | Self::Freeze) && !self.is_control()
    }

    /// Returns whether requests must be lost: the scenario proves that the tool sees it.
    pub fn is_control(self) -> bool {
        matches!(self, Self::NoDrain | Self::NoPrestop | Self::AlwaysReady)
    }

    /// Returns its name on the command line and in a plan.
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Returns what it is about.
    pub fn description(self) -> Description {
        match self {
            Self::Steady => steady::DESCRIPTION,
            Self::Rollout => rollout::DESCRIPTION,
            Self::RolloutTogether => rollout_together::DESCRIPTION,
            Self::Rollouts => rollouts::DESCRIPTION,
            Self::Restart => restart::DESCRIPTION,
            Self::Scale => scale::DESCRIPTION,
            Self::ScaleToOne => scale_to_one::DESCRIPTION,
            Self::Delete => delete::DESCRIPTION,
            Self::BrokenRelease => broken_release::DESCRIPTION,
            Self::CrashLoop => crash_loop::DESCRIPTION,
            Self::MissingImage => missing_image::DESCRIPTION,
            Self::Kill => kill::DESCRIPTION,
            Self::Drain => drain::DESCRIPTION,
            Self::Node => node::DESCRIPTION,
            Self::Freeze => freeze::DESCRIPTION,
            Self::NoDrain => no_drain::DESCRIPTION,
            Self::NoPrestop => no_prestop::DESCRIPTION,
            Self::AlwaysReady => always_ready::DESCRIPTION,
        }
    }

    /// Returns the steps of a plan, in order.
    pub fn steps(plan: &Plan) -> Vec<Step> {
        let all: Vec<usize> = (0..plan.deployments.len()).collect();
        let chosen: Vec<Self> = match plan.run.scenarios.is_empty() {
            false => plan.run.scenarios.clone(),
            true => Self::value_variants()
                .iter()
                .copied()
                .filter(|scenario| scenario.is_default() && (all.len() > 1 || *scenario != Self::RolloutTogether))
                .collect(),
        };
        let steps = |scenario| match scenario {
            Self::Rollout => all
                .iter()
                .map(|&target| Step {
                    scenario,
                    targets: vec![target],
                })
                .collect(),
            _ => vec![Step {
                scenario,
                targets: all.clone(),
            }],
        };
        chosen.into_iter().flat_map(steps).collect()
    }

    /// Makes it happen, and waits until it has.
    ///
    /// # Errors
    /// If kubectl fails, or the cluster does not do what it should.
    pub async fn play(self, stage: &Stage<'_>) -> Result<Vec<ExpectedUntil>> {
        match self {
            Self::Steady => steady::play().await,
            Self::Rollout => rollout::play(stage, 2).await,
            Self::RolloutTogether => rollout_together::play(stage).await,
            Self::Rollouts => rollouts::play(stage).await,
            Self::Restart => restart::play(stage).await,
            Self::Scale => scale::play(stage).await,
            Self::ScaleToOne => scale_to_one::play(stage).await,
            Self::Delete => delete::play(stage).await,
            Self::BrokenRelease => broken_release::play(stage).await,
            Self::CrashLoop => crash_loop::play(stage).await,
            Self::MissingImage => missing_image::play(stage).await,
            Self::Kill => kill::play(stage).await,
            Self::Drain => drain::play(stage).await,
            Self::Freeze => freeze::play(stage).await,
            Self::NoDrain => no_drain::play(stage).await,
            Self::NoPrestop => no_prestop::play(stage).await,
            Self::AlwaysReady => always_ready::play(stage).await,
            Self::Node => return node::play(stage).await,
        }?;
        Ok(Vec::new())
    }
}

impl Step {
    /// Returns what happens, in a few words for the table.
    pub fn title(&self, plan: &Plan) -> String {
        let name = self.scenario.name();
        match (self.scenario, self.targets.as_slice()) {
            (Scenario::Rollout, &[target]) => format!("{name} {}", plan.deployments[target].name.as_ref()),
            (Scenario::Rollouts, _) => format!("{} {name}", plan.scenarios.rollouts.count),
            (Scenario::Scale, _) => {
                let replicas = plan.scenarios.scale.replicas.iter().map(u32::to_string);
                format!("{name} to {}", replicas.collect::<Vec<_>>().join(", "))
            }
            _ => name,
        }
    }
}

impl Stage<'_> {
    /// Adds an event to the log.
    pub fn log(&self, text: impl Into<String>) {
        self.cluster.log.event(text);
    }

    /// Waits until the rollouts of the targets are complete.
    async fn rolled_out(&self) -> Result<()> {
        self.cluster.rolled_out(&self.targets).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "[[route]]\nname = \"r\"\nurl = \"http://h\"\n[[deployment]]\nname = \"a\"\n";

    #[test]
    fn by_default_only_the_deployments_are_touched() {
        let plan = Plan::parse(PLAN).unwrap();
        let steps = Scenario::steps(&plan);
        assert!(steps.iter().all(|step| step.scenario.is_default()));
        let names: Vec<_> = steps.iter().map(|step| step.scenario.name()).collect();
        for name in [
            "kill",
            "drain",
            "node",
            "freeze",
            "no-drain",
            "no-prestop",
            "always-ready",
            "rollout-together",
        ] {
            assert!(!names.contains(&name.to_owned()), "{name}");
        }
        for name in [
            "steady",
            "rollout",
            "rollouts",
            "scale-to-one",
            "broken-release",
            "crash-loop",
            "missing-image",
        ] {
            assert!(names.contains(&name.to_owned()), "{name}");
        }
    }

    #[test]
    fn each_deployment_has_a_rollout_of_its_own() {
        let plan = Plan::parse(&format!("{PLAN}[[deployment]]\nname = \"b\"\n")).unwrap();
        let titles: Vec<_> = Scenario::steps(&plan).iter().map(|step| step.title(&plan)).collect();
        assert_eq!(titles[..4], ["steady", "rollout a", "rollout b", "rollout-together"]);
    }
}
