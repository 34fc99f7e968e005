//! How long the responses of a replica took.

use std::collections::BinaryHeap;

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
