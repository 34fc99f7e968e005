//! The figures of a replica: its share of the responses, and how long they took.

use std::collections::BinaryHeap;

use super::{Cluster, Mark, Phase, Replica, WINDOW};

/// How many of the last seconds count for the share.
const SHARE_WINDOW: usize = 10;

/// Latencies in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies {
    /// The median.
    pub median: u32,
    /// The 99th percentile.
    pub p99: u32,
}

impl Latencies {
    /// Computes them from these milliseconds by the nearest-rank method; `None` if there are none.
    pub fn new(millis: Vec<u32>) -> Option<Self> {
        // A heap, because the code of `sort` is four times as large to download.
        let millis = BinaryHeap::from(millis).into_sorted_vec();
        let rank = |percent: usize| {
            millis
                .get((millis.len() * percent).div_ceil(100).checked_sub(1)?)
                .copied()
        };
        Some(Self {
            median: rank(50)?,
            p99: rank(99)?,
        })
    }
}

impl Cluster {
    /// Computes the figures of the replicas. The share is one of what the replicas got that are still there: rounded one above the other,
    /// the shares make 100 percent.
    pub(super) fn compute(&mut self) {
        let of_replica = |id, seconds| {
            self.window.last(seconds).filter_map(move |mark| match mark {
                Mark::Answered { replica, millis } if replica == id => Some(millis),
                _ => None,
            })
        };
        let recent = |replica: &Replica| match replica.phase() {
            Phase::Gone => 0,
            _ => of_replica(replica.id, SHARE_WINDOW).count(),
        };
        let all: usize = self.replicas.iter().map(recent).sum();
        let percent = |responses: usize| (100 * responses + all / 2).checked_div(all).unwrap_or_default();
        let mut counted = 0;
        for replica in &mut self.replicas {
            let before = counted;
            counted += recent(replica);
            replica.share = (percent(counted) - percent(before)) as u32;
            replica.latencies = Latencies::new(of_replica(replica.id, WINDOW).collect());
        }
    }
}
