//! What all requests to this replica share.

use std::sync::Arc;

use api::BuildInfo;

use crate::{drain::Drain, metrics::Metrics};

/// What all requests to this replica share. A clone shares it too.
#[derive(Debug, Clone)]
pub struct Replica {
    /// Which build it runs, and in which pod.
    pub build: Arc<BuildInfo>,
    /// Whether it is about to end.
    pub drain: Arc<Drain>,
    /// What it has counted.
    pub metrics: Metrics,
}
