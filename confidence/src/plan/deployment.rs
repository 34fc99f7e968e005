//! The Deployments of a plan.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::values::duration;

/// A Deployment that scenarios change.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Deployment {
    /// Its name.
    pub name: Spanned<String>,
    /// The container whose image is changed. The first one by default.
    pub container: Option<String>,
    /// The image that is rolled out. Without it and `next-tag`, the same image is rolled out again.
    pub next_image: Option<String>,
    /// The tag that is rolled out, of the image that is deployed.
    pub next_tag: Option<String>,
    /// How long the application may take to end after SIGTERM. The pod's grace period must be longer.
    #[serde(default, deserialize_with = "duration")]
    pub shutdown: Option<Duration>,
}

/// The image of the pods that `kill` and `freeze` need on a node. It must have a shell.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Tool {
    /// The image. Docker's `busybox` by default.
    pub image: Option<String>,
    /// Takes the image and the pull policy of this Deployment of the plan.
    pub image_of: Option<Spanned<String>>,
}
