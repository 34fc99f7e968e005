//! What requests to this replica share.

use std::sync::Arc;

use api::BuildInfo;

use crate::{
    drain::Drain,
    metrics::{Counter, Metrics},
};

/// What requests to this replica share: all of them, but for the counter, which those of one worker thread share.
#[derive(Debug, Clone)]
pub struct Replica {
    /// Which build it runs, and in which pod.
    pub build: Arc<BuildInfo>,
    /// Whether it is about to end.
    pub drain: Arc<Drain>,
    /// What it has counted.
    pub metrics: Metrics,
    /// Where this worker thread counts.
    pub counter: Counter,
}
