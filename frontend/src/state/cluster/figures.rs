//! The figures of a replica: its share of the responses, and how long they took.

use std::collections::BinaryHeap;

use super::{Mark, Replica, WINDOW, Window};

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

impl Replica {
    /// Computes its figures. `counted` are the responses that the replicas before this one had in the window of the shares: rounded one
    /// above the other, the shares make 100 percent.
    pub fn compute(&mut self, window: &Window, counted: &mut usize) {
        let of_replica = |seconds| {
            window.last(seconds).filter_map(|mark| match mark {
                Mark::Answered { replica, millis } if replica == self.id => Some(millis),
                _ => None,
            })
        };
        let all = window
            .last(SHARE_WINDOW)
            .filter(|mark| matches!(mark, Mark::Answered { .. }));
        let (own, all) = (of_replica(SHARE_WINDOW).count(), all.count());
        let latencies = Latencies::new(of_replica(WINDOW).collect());
        let percent = |responses: usize| (100 * responses + all / 2).checked_div(all).unwrap_or_default();
        self.share = (percent(*counted + own) - percent(*counted)) as u32;
        *counted += own;
        self.latencies = latencies;
    }
}
