//! The scenarios: one table says what each does, what is expected, and what may be lost.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What happens to the cluster while requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Nothing happens to the cluster.
    Steady,
    /// The workload is rolled out to the next image, and back.
    Rollout,
    /// All workloads are rolled out to the next image at the same time, and back.
    RolloutTogether,
    /// All workloads are rolled out and back, many times in a row. The next rollout starts while pods of the last
    /// one terminate.
    Rollouts,
    /// The pods are replaced as by kubectl rollout restart, and the pod template is restored.
    Restart,
    /// All workloads are scaled up and down, and back.
    Scale,
    /// All workloads are scaled to one replica. When the others are gone, they are scaled back.
    ScaleToOne,
    /// A pod of each workload in turn is deleted.
    Delete,
    /// A release that never becomes ready is rolled out: its readiness probe asks a port on which nothing listens.
    /// It is undone when Kubernetes reports that the rollout is stuck.
    BrokenRelease,
    /// A release that crashes at start is rolled out: with the plan's change, or with a command that does not
    /// exist. It is undone when Kubernetes reports that the rollout is stuck.
    CrashLoop,
    /// A release whose image does not exist is rolled out. It is undone when Kubernetes reports that the rollout is
    /// stuck.
    MissingImage,
    /// A second Deployment with one replica of the next image joins the Services. Then the next image is rolled out
    /// in the first one, the second one is deleted, and the first one is rolled back.
    Canary,
    /// A second Deployment of the next image starts outside of the Services. Their selectors are switched to it,
    /// and back. Then it is deleted.
    BlueGreen,
    /// The processes of a container are killed by SIGKILL, by a pod in a temporary namespace.
    Kill,
    /// Every node that holds a pod is cordoned in turn, its pods of the workloads are evicted, and it is
    /// uncordoned. No other pod is evicted.
    Drain,
    /// A node that holds a pod loses power, by a command of the user. When its pods are replaced, it is started
    /// again. That affects every pod on the node.
    Node,
    /// The kubelet of a node is stopped for a while: a pod on the node sends it SIGSTOP, and later SIGCONT. Or by
    /// the user's commands. Services stop sending to every pod on the node, and those with a short toleration of
    /// unreachable nodes are replaced.
    Freeze,
    /// The plan's change switches the drain off. That release is rolled out, and back.
    NoDrain,
    /// A release without the preStop hooks is rolled out, and back.
    NoPrestop,
    /// The plan's change breaks the release, and its probes are removed: Kubernetes takes it for ready. It is
    /// rolled out, and back.
    AlwaysReady,
}

#[derive(Debug, Clone, Serialize)]
pub struct Description {
    pub happens: String,
    /// What Kubernetes and the workloads should do.
    pub expected: &'static str,
    /// What may be lost, and why.
    pub losses: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Nothing,
    /// Rolls out a release and back, as often as the plan says for this scenario.
    Replace(Release),
    /// Rolls out a release that cannot replace the running one, and undoes it when Kubernetes reports that it is stuck.
    GetStuck(Release),
    Scale,
    Canary,
    BlueGreen,
    DeletePods,
    KillProcesses,
    DrainNodes,
    CutPower,
    FreezeKubelet,
}

/// How a release differs from the running one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    Next,
    /// It has another annotation.
    Restarted,
    NeverReady,
    Crashing,
    MissingImage,
    NoDrain,
    NoPreStop,
    /// It is broken, and has no probes.
    AlwaysReady,
}

impl Scenario {
    /// Returns how it is run, what Kubernetes and the workloads should do, and what may be lost.
    fn row(self) -> (Action, &'static str, &'static str) {
        use Action::{GetStuck, Replace};
        use Release::{AlwaysReady, Crashing, MissingImage, NeverReady, Next, NoDrain, NoPreStop, Restarted};
        match self {
            Self::Steady => (
                Action::Nothing,
                "Every request is responded to. Latency here is what the other scenarios are compared with.",
                "None.",
            ),
            Self::Rollout => (
                Replace(Next),
                "New pods get requests once they are ready. Old pods finish what they have accepted, and keep \
                 accepting until no Service sends to them.",
                "None.",
            ),
            Self::RolloutTogether => (
                Replace(Next),
                "As in a rollout of one. A new pod of one workload works with old pods of another.",
                "None.",
            ),
            Self::Rollouts => (
                Replace(Next),
                "As in a rollout of one. A loss that happens once in several rollouts shows here.",
                "None.",
            ),
            Self::Restart => (Replace(Restarted), "As in a rollout.", "None."),
            Self::Scale => (
                Action::Scale,
                "New pods get requests once they are ready. Pods that are removed finish what they have accepted.",
                "None.",
            ),
            Self::ScaleToOne => (
                Action::Scale,
                "The last replica serves all requests.",
                "None, if one replica can serve the whole rate.",
            ),
            Self::Delete => (
                Action::DeletePods,
                "The pod is sent SIGTERM and has its grace period. Kubernetes starts another one at the same time.",
                "None, unless there is only one replica.",
            ),
            Self::BrokenRelease => (
                GetStuck(NeverReady),
                "No old pod leaves before a new one is ready, except for what maxUnavailable allows.",
                "None.",
            ),
            Self::CrashLoop => (
                GetStuck(Crashing),
                "The new pod is restarted again and again, with growing delays. The old pods stay.",
                "None.",
            ),
            Self::MissingImage => (
                GetStuck(MissingImage),
                "The new pod waits for its image. The old pods stay.",
                "None.",
            ),
            Self::Canary => (
                Action::Canary,
                "The canary gets its share of the requests. It finishes what it has accepted before it ends.",
                "None.",
            ),
            Self::BlueGreen => (
                Action::BlueGreen,
                "Either all pods of one Deployment or all of the other are in the Services. The others finish what \
                 they have accepted.",
                "None.",
            ),
            Self::Kill => (
                Action::KillProcesses,
                "The kernel resets the connections of the process. The kubelet starts the container again, and \
                 Services stop sending to it until it is ready.",
                "What the process had accepted is lost, unless a proxy sends it to another pod. So is what is still \
                 sent to the pod before Kubernetes has noticed.",
            ),
            Self::Drain => (
                Action::DrainNodes,
                "Evicted pods have their grace period. Disruption budgets make them leave one by one.",
                "None, if a PodDisruptionBudget keeps a replica ready, or another node has one.",
            ),
            Self::Node => (
                Action::CutPower,
                "Kubernetes marks the node NotReady after 40 to 50 s and stops sending to its pods. It replaces \
                 them after their toleration of an unreachable node, 5 minutes by default.",
                "Until the node is NotReady, what is sent to its pods is lost. Where a route's first hop is on \
                 another node, a proxy there may send it to another pod.",
            ),
            Self::Freeze => (
                Action::FreezeKubelet,
                "The pods of the node keep serving. After 40 to 50 s Kubernetes marks the node NotReady and stops \
                 sending to them; then the other nodes serve.",
                "None.",
            ),
            Self::NoDrain => (
                Replace(NoDrain),
                "Pods close connections and stop listening as soon as they are asked to end, while Services still \
                 send to them.",
                "Some requests must be lost, or connections closed without notice: a missing drain is seen.",
            ),
            Self::NoPrestop => (
                Replace(NoPreStop),
                "Pods are sent SIGTERM at once, while Services still send to them.",
                "Some requests must be lost, or connections closed without notice: a missing preStop is seen.",
            ),
            Self::AlwaysReady => (
                Replace(AlwaysReady),
                "The broken release replaces the working one.",
                "Nearly all requests must be lost meanwhile: this shows what a readiness probe is for.",
            ),
        }
    }

    pub fn action(self) -> Action {
        self.row().0
    }

    pub fn description(self) -> Description {
        let (_, expected, losses) = self.row();
        let value = self.to_possible_value();
        let help = value.as_ref().and_then(|value| value.get_help());
        Description {
            happens: help.map(|help| format!("{help}.")).unwrap_or_default(),
            expected,
            losses,
        }
    }

    /// Returns whether it is run by default: it touches nothing but the named workloads, and should lose nothing.
    pub fn is_default(self) -> bool {
        matches!(
            self.action(),
            Action::Nothing | Action::Replace(_) | Action::GetStuck(_) | Action::Scale | Action::DeletePods
        ) && !self.is_control()
    }

    /// Returns whether requests must be lost: the scenario checks that the program sees it.
    pub fn is_control(self) -> bool {
        matches!(self, Self::NoDrain | Self::NoPrestop | Self::AlwaysReady)
    }

    /// Returns its name on the command line and in a plan.
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
