//! The settings of single scenarios.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use toml::Spanned;

use super::values::duration;

/// Settings of single scenarios, by their names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ScenarioSettings {
    pub scale: Scale,
    pub rollouts: Rollouts,
    pub crash_loop: Changes,
    pub kill: Kill,
    pub node: NodeSettings,
    pub freeze: Freeze,
    pub no_drain: Changes,
    pub always_ready: Changes,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scale {
    pub replicas: Vec<u32>,
}

impl Default for Scale {
    fn default() -> Self {
        Self {
            replicas: vec![5, 1, 2],
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rollouts {
    /// How many rollouts follow each other.
    pub count: u32,
}

impl Default for Rollouts {
    fn default() -> Self {
        Self { count: 10 }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kill {
    /// The workloads of which a pod is killed. All by default.
    pub deployments: Vec<Spanned<String>>,
}

/// Changes to workloads, by their names.
pub type Changes = BTreeMap<Spanned<String>, Change>;

/// A change to the container of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// Variables that are set.
    pub env: BTreeMap<String, String>,
    /// The command, in place of the container's.
    pub command: Option<Vec<String>>,
    /// The arguments, in place of the container's.
    pub args: Option<Vec<String>>,
    /// The image, in place of the container's.
    pub image: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// The node. By default one that holds a pod and is not part of the control plane.
    pub name: Option<String>,
    /// The command that cuts the node's power. `{node}` is its name.
    pub down: Option<String>,
    /// The command that starts the node again.
    pub up: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Freeze {
    /// How long the kubelet is stopped.
    #[serde(deserialize_with = "duration")]
    pub time: Option<Duration>,
    /// The command that stops the kubelet. `{node}` is the node's name. By default, a pod on the node sends SIGSTOP.
    pub stop: Option<String>,
    /// The command that starts it again.
    pub start: Option<String>,
}
