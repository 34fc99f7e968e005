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
pub mod stage;
mod steady;
mod stuck;

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use self::stage::{Description, ExpectedUntil, Stage};

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
