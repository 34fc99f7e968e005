//! The image of the pod that sees the processes of its node.

use serde_json::{Value, json};

use super::deployment::Deployment;
use crate::plan::deployment::Tool;

/// The image of the pod. It must have a shell, `grep` and `tr`.
#[derive(Debug, Clone)]
pub struct ToolImage {
    /// The image.
    pub image: String,
    /// Its pull policy.
    pub pull_policy: Value,
}

impl ToolImage {
    /// Returns the image that the plan wants.
    pub fn choose(wanted: &Tool, deployments: &[Deployment]) -> Self {
        let of = wanted.image_of.as_ref().map(|name| name.as_ref());
        if let Some(deployment) = of.and_then(|name| deployments.iter().find(|found| found.name == *name)) {
            return Self {
                image: deployment.image().to_owned(),
                pull_policy: deployment.container()["imagePullPolicy"].clone(),
            };
        }
        Self {
            image: wanted.image.clone().unwrap_or_else(|| "busybox".to_owned()),
            pull_policy: json!("IfNotPresent"),
        }
    }
}
