//! Who answered: the share of each replica in the submissions, over the last minute.

use super::{
    replica::Replica,
    window::{Mark, Window},
};

/// How much a point weighs in the next one. Only the past is averaged: a change shows when it happens, not before.
const MEMORY: f64 = 0.8;

/// The time between two points, in milliseconds.
const STEP: u32 = 500;

/// The shares at one point in time, one above the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The time in milliseconds on the browser's monotonic clock.
    pub at: u32,
    /// Where the slice of each replica ends, in thousandths, in the order of the replicas. The rest is lost.
    pub ends: Vec<u32>,
}

/// Returns the shares of these replicas, oldest first, a point at the end of each half second until `now`. A loss is nobody's share.
pub fn shares(window: &Window, replicas: &[Replica], now: f64) -> Vec<Point> {
    let mut weights = vec![0.0; replicas.len() + 1];
    let lost = replicas.len();
    let mut points = Vec::new();
    for second in &window.seconds {
        for half in 0..1_000 / STEP {
            let at = 1_000 * second.number + STEP * (half + 1);
            if f64::from(at) > now {
                break;
            }
            weights.iter_mut().for_each(|weight| *weight *= MEMORY);
            for (millis, mark) in &second.marks {
                let index = match mark {
                    Mark::Answered { replica, .. } => replicas.iter().position(|known| known.id == *replica),
                    Mark::Lost => Some(lost),
                    Mark::Retried => None,
                };
                if let Some(index) = index.filter(|_| millis / STEP == half) {
                    weights[index] += 1.0;
                }
            }
            let all: f64 = weights.iter().sum();
            if all > 0.0 {
                let mut sum = 0.0;
                let end = |weight: &f64| {
                    sum += weight;
                    (1_000.0 * sum / all + 0.5) as u32
                };
                points.push(Point {
                    at,
                    ends: weights[..lost].iter().map(end).collect(),
                });
            }
        }
    }
    points
}
