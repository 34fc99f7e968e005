//! The data that all handlers share.

use std::sync::Arc;

use api::BuildInfo;

use crate::Settings;

/// The data that all handlers share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The running build, and its pod.
    pub build: Arc<BuildInfo>,
}

impl AppState {
    /// Creates the state of a replica with these settings.
    pub fn new(settings: &Settings) -> Self {
        Self {
            build: Arc::new(BuildInfo {
                version: settings.app_version.clone(),
                commit: settings.commit.clone(),
                pod: settings.pod_name.clone(),
            }),
        }
    }
}
