//! A replica as the board sees it.

use std::collections::BinaryHeap;

use api::SubmissionResponse;
use yew::AttrValue;

use crate::state::colour::colours_by_preference;

/// A replica, known by its responses alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Replica {
    /// Its number in this run.
    pub id: u32,
    /// The pod's name.
    pub pod: AttrValue,
    /// The version that it runs.
    pub version: AttrValue,
    /// Its colour, less than [`COLOURS`](crate::state::colour::COLOURS).
    pub colour: u32,
    /// The shape of its version's marks, less than [`Replica::SHAPES`]: colour is never the only signal.
    pub shape: u32,
    /// When its process started, as Unix time in milliseconds; 0 if unknown.
    pub started_at: u64,
    /// The number of restarts seen in this run.
    pub restarts: u32,
    /// Whether it injects faults on request.
    pub accepts_faults: bool,
    /// The number of its responses in this run.
    pub answered: u32,
    /// The number of its responses on the timeline, computed once per second.
    pub recent: u32,
    /// Its latencies on the timeline, computed once per second.
    pub latencies: Option<Latencies>,
    /// When it last answered, in milliseconds on the browser's monotonic clock.
    pub last_seen: f64,
    /// The number of responses from other replicas since then.
    pub missed: u32,
    /// Whether it has not answered for so long that it must be gone.
    pub gone: bool,
}

/// Latencies in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies {
    /// The median.
    pub median: u32,
    /// The 99th percentile.
    pub p99: u32,
}

/// Returns the part of a pod's name that differs from the other pods of its Deployment.
pub fn short_name(pod: &str) -> &str {
    pod.rsplit_once('-').map_or(pod, |(_, suffix)| suffix)
}

impl Replica {
    /// The number of shapes.
    pub const SHAPES: u32 = 3;

    /// Returns the replica that sent this response.
    pub fn find_or_add<'a>(replicas: &'a mut Vec<Self>, response: &SubmissionResponse) -> &'a mut Self {
        let known = replicas.iter().position(|replica| *replica.pod == *response.pod);
        let index = known.unwrap_or_else(|| {
            replicas.push(Self::new(replicas, response));
            replicas.len() - 1
        });
        &mut replicas[index]
    }

    /// Returns the [`short_name`] of its pod.
    pub fn short_name(&self) -> &str {
        short_name(&self.pod)
    }

    /// Updates what is known of the process, and returns whether it is a new one: the replica has restarted.
    ///
    /// A response that the old process sent before may arrive later. It changes nothing.
    pub fn observe_process(&mut self, response: &SubmissionResponse) -> bool {
        if response.started_at < self.started_at {
            return false;
        }
        let restarted = self.started_at > 0 && response.started_at > self.started_at;
        self.restarts += u32::from(restarted);
        self.started_at = response.started_at;
        self.accepts_faults = response.faults;
        restarted
    }

    fn new(others: &[Self], SubmissionResponse { pod, version, .. }: &SubmissionResponse) -> Self {
        let is_free = |colour: &u32| others.iter().all(|other| other.colour != *colour);
        let mut preferred = colours_by_preference(pod);
        let first = preferred.next().unwrap_or_default();
        Self {
            id: others.iter().map(|other| other.id + 1).max().unwrap_or_default(),
            pod: AttrValue::from(pod.clone()),
            version: AttrValue::from(version.clone()),
            colour: [first].into_iter().chain(preferred).find(is_free).unwrap_or(first),
            shape: shape_of(version, others),
            started_at: 0,
            restarts: 0,
            accepts_faults: false,
            answered: 0,
            recent: 1,
            latencies: None,
            last_seen: 0.0,
            missed: 0,
            gone: false,
        }
    }
}

/// Returns the shape of a version: the same for all its replicas, and the next one for a new version.
fn shape_of(version: &str, others: &[Replica]) -> u32 {
    match (others.iter().find(|other| *other.version == *version), others.last()) {
        (Some(same), _) => same.shape,
        (None, Some(newest)) => (newest.shape + 1) % Replica::SHAPES,
        (None, None) => 0,
    }
}

/// The shortest time without a response after which a replica counts as gone, in milliseconds.
///
/// A living replica that is out of CPU time may stall for a moment.
pub const STALL_TIMEOUT: f64 = 2_000.0;

/// Returns the number of responses in a row from others after which a replica counts as gone.
///
/// A Service picks replicas at random, so a short time without a response proves nothing. Among `n` replicas, `8 n` responses
/// in a row miss a living one with a probability of about e⁻⁸, which is 1 in 3,000.
pub fn max_missed(replicas: usize) -> u32 {
    8 * u32::try_from(replicas).unwrap_or(u32::MAX / 8)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::colour::COLOURS;

    fn replicas(pods: &[(&str, &str)]) -> Vec<Replica> {
        let mut replicas = Vec::new();
        for (pod, version) in pods {
            let response = SubmissionResponse {
                message: String::new(),
                name: String::new(),
                pod: (*pod).to_owned(),
                version: (*version).to_owned(),
                platform: api::Platform::Kubernetes,
                uptime_seconds: 1,
                started_at: 1,
                faults: false,
            };
            Replica::find_or_add(&mut replicas, &response);
        }
        replicas
    }

    #[test]
    fn half_of_the_latencies_are_at_most_the_median_and_99_of_100_at_most_p99() {
        let latencies = Latencies::new((1..=1_000).rev().collect());
        assert_eq!(latencies, Some(Latencies { median: 500, p99: 990 }));
        assert_eq!(Latencies::new(vec![7]), Some(Latencies { median: 7, p99: 7 }));
        assert_eq!(Latencies::new(vec![]), None);
    }

    #[test]
    fn six_replicas_have_six_colours() {
        let pods: Vec<String> = (0..COLOURS).map(|number| format!("backend-{number}")).collect();
        let pods: Vec<_> = pods.iter().map(|pod| (pod.as_str(), "v1")).collect();
        let mut colours: Vec<u32> = replicas(&pods).iter().map(|replica| replica.colour).collect();
        colours.sort_unstable();
        assert_eq!(colours, Vec::from_iter(0..COLOURS));
    }

    #[test]
    fn the_first_pod_keeps_its_colour_when_others_appear() {
        let alone = replicas(&[("backend-7d9c5b8f64-x2k9p", "v1")]);
        let later = replicas(&[("backend-7d9c5b8f64-x2k9p", "v1"), ("backend-7d9c5b8f64-m4t8w", "v1")]);
        assert_eq!(alone[0].colour, later[0].colour);
    }

    #[test]
    fn each_version_has_a_shape() {
        let shapes = replicas(&[("a", "v1"), ("b", "v1"), ("c", "v2"), ("d", "v1")]);
        let shapes: Vec<u32> = shapes.iter().map(|replica| replica.shape).collect();
        assert_eq!(shapes, [0, 0, 1, 0]);
    }
}
