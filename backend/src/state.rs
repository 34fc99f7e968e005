//! The data that all handlers share.

use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use api::{BuildInfo, Platform};
use service::health::Health;

use crate::{Settings, faults::Faults};

/// The data that all handlers share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The running build, and its pod.
    pub build: Arc<BuildInfo>,
    /// When the process started, in milliseconds since 1970.
    pub started_at: u64,
    /// The same on the monotonic clock.
    pub start: Instant,
    /// Where this replica runs.
    pub platform: Platform,
    /// Whether this replica is ready.
    pub health: Health,
    /// The faults that may be injected, where that is enabled.
    pub faults: Option<Faults>,
}

impl AppState {
    /// Creates the state of a replica with these settings, which starts now.
    pub fn new(settings: &Settings, health: Health, faults: Option<Faults>) -> Self {
        // A clock that is set to a time before 1970 is wrong anyway.
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started_at: since_1970.as_millis() as u64,
            start: Instant::now(),
            platform: settings.platform,
            health,
            faults,
            build: Arc::new(BuildInfo {
                version: settings.app_version.clone(),
                commit: settings.commit.clone(),
                pod: settings.pod_name.clone(),
            }),
        }
    }
}
