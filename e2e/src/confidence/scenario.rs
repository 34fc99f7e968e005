//! What happens to the cluster while submissions are sent.

use anyhow::Result;
use clap::ValueEnum;

use super::cluster::{App, Cluster};

/// One thing that happens to the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Nothing happens
    Steady,
    /// The backend is rolled out and back
    RollBackend,
    /// The frontend is rolled out and back
    RollFrontend,
    /// Both are rolled out and back at the same time
    RollBoth,
    /// Both are scaled to 5, 1 and 2 replicas
    Scale,
    /// A pod of the backend is deleted, then one of the frontend
    Delete,
    /// A backend process is killed by SIGKILL
    Kill,
    /// The application's pods are evicted by `kubectl drain`
    Drain,
    /// Both are rolled out and back, many times in a row
    RollOften,
}

/// What a scenario needs to know.
#[derive(Debug, Clone)]
pub struct Script {
    /// Tag of the images to roll out.
    pub next: String,
    /// How many rolling updates [`Scenario::RollOften`] makes.
    pub rollouts: u32,
}

impl Scenario {
    /// What happens, in a few words for the table.
    pub fn title(self, script: &Script) -> String {
        let there_and_back = |what| format!("rolling update of {what}, to {} and back", script.next);
        match self {
            Self::Steady => "nothing happens".to_owned(),
            Self::RollBackend => there_and_back("the backend"),
            Self::RollFrontend => there_and_back("the frontend"),
            Self::RollBoth => there_and_back("both"),
            Self::Scale => "scaled 2, 5, 1, 2".to_owned(),
            Self::Delete => "a pod of each deleted".to_owned(),
            Self::Kill => "a backend killed (SIGKILL)".to_owned(),
            Self::Drain => "all pods evicted (drain)".to_owned(),
            Self::RollOften => format!("{} rolling updates in a row", script.rollouts),
        }
    }

    /// Whether a client with no proxy between itself and the backend may lose submissions: those that the killed process
    /// had accepted, and those that the Service still sends to its pod until Kubernetes has noticed.
    pub fn excuses_losses_without_a_proxy(self) -> bool {
        self == Self::Kill
    }

    /// Makes it happen, and waits until it has.
    ///
    /// # Errors
    /// Where kubectl does not succeed, or the cluster does not follow.
    pub async fn play(self, cluster: &mut Cluster, script: &Script) -> Result<()> {
        match self {
            Self::Steady => Ok(()),
            Self::RollBackend => roll_out(cluster, &[App::Backend], 2, script).await,
            Self::RollFrontend => roll_out(cluster, &[App::Frontend], 2, script).await,
            Self::RollBoth => roll_out(cluster, &App::ALL, 2, script).await,
            Self::RollOften => roll_out(cluster, &App::ALL, script.rollouts, script).await,
            Self::Scale => {
                for replicas in [5, 1, 2] {
                    cluster.scale(&App::ALL, replicas).await?;
                }
                Ok(())
            }
            Self::Delete => {
                cluster.delete_pod(App::Backend).await?;
                cluster.delete_pod(App::Frontend).await
            }
            Self::Kill => cluster.kill_backend().await,
            Self::Drain => cluster.drain_node().await,
        }
    }
}

/// There and back, so many times.
async fn roll_out(cluster: &Cluster, apps: &[App], times: u32, script: &Script) -> Result<()> {
    for time in 0..times {
        let tag = (time % 2 == 0).then_some(script.next.as_str());
        cluster.roll_out(apps, tag).await?;
    }
    Ok(())
}
