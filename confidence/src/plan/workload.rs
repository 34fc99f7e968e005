//! The workloads of a plan: Deployments, StatefulSets and DaemonSets.

use std::{fmt, time::Duration};

use anyhow::{Result, bail};
use serde::Deserialize;
use toml::Spanned;

use super::values::duration;

/// A workload that scenarios change.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WorkloadSettings {
    /// Its name, with the kind unless it is a Deployment: `statefulset/db`.
    pub name: Spanned<String>,
    /// The container whose image is changed. By default the one that serves the port of a Service.
    pub container: Option<String>,
    /// The image that is rolled out. Without it and `next-tag`, the same image is rolled out again.
    pub next_image: Option<String>,
    /// The tag that is rolled out, of the image that is deployed.
    pub next_tag: Option<String>,
    /// How long the application may take to end after SIGTERM. The pod's grace period must be longer.
    #[serde(default, deserialize_with = "duration")]
    pub shutdown: Option<Duration>,
}

impl WorkloadSettings {
    /// Returns the settings of a workload that is only named.
    pub fn named(text: &str) -> Result<Self> {
        let (kind, name) = Kind::split(text)?;
        let name = match kind {
            Kind::Deployment => name.to_owned(),
            Kind::StatefulSet | Kind::DaemonSet => format!("{kind}/{name}"),
        };
        Ok(Self {
            name: Spanned::new(0..0, name),
            container: None,
            next_image: None,
            next_tag: None,
            shutdown: None,
        })
    }
}

/// A kind of workload whose controller replaces pods by a rolling update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

impl Kind {
    /// Splits a name such as `statefulset/db`, with kubectl's abbreviations. Without a kind, it is a Deployment.
    pub fn split(name: &str) -> Result<(Self, &str)> {
        let Some((kind, name)) = name.split_once('/') else {
            return Ok((Self::Deployment, name));
        };
        let kind = match kind.to_lowercase().trim_end_matches(".apps") {
            "deploy" | "deployment" | "deployments" => Self::Deployment,
            "sts" | "statefulset" | "statefulsets" => Self::StatefulSet,
            "ds" | "daemonset" | "daemonsets" => Self::DaemonSet,
            _ => bail!(
                "{kind}/{name}: this program changes Deployments, StatefulSets and DaemonSets only, and does not know how \
                 a {kind} is rolled out. Give the workload that the {kind} manages, if it has one, or a name such as \
                 deployment/{name}"
            ),
        };
        Ok((kind, name))
    }

    pub fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&format!("{self:?}").to_lowercase())
    }
}

/// The image of the pods that `kill` and `freeze` need on a node. It must have a shell.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Tool {
    /// The image. Docker's `busybox` by default.
    pub image: Option<String>,
    /// Takes the image and the pull policy of this workload of the plan.
    pub image_of: Option<Spanned<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_named_as_for_kubectl() {
        for (text, kind) in [
            ("shop", Kind::Deployment),
            ("deploy/shop", Kind::Deployment),
            ("deployment.apps/shop", Kind::Deployment),
            ("sts/shop", Kind::StatefulSet),
            ("DaemonSet/shop", Kind::DaemonSet),
        ] {
            assert_eq!(Kind::split(text).unwrap(), (kind, "shop"));
        }
        let error = Kind::split("rollout/shop").unwrap_err().to_string();
        assert!(error.contains("Deployments, StatefulSets and DaemonSets"), "{error}");
    }
}
