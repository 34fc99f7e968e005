//! A replica as the board knows it.

use std::collections::BinaryHeap;

use api::SubmissionResponse;
use yew::AttrValue;

use crate::state::colour::colours_by_preference;

/// A replica, told by its answers alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Replica {
    /// Tells it from the others of this run.
    pub id: u32,
    /// The pod's name.
    pub pod: AttrValue,
    /// The version that it runs.
    pub version: AttrValue,
    /// Its colour, under [`COLOURS`](crate::state::colour::COLOURS).
    pub colour: u32,
    /// Its version's shape, under [`Replica::SHAPES`]: colour is never the only sign.
    pub shape: u32,
    /// How many submissions it answered in this run.
    pub answered: u32,
    /// How many of them lie within the time line, as of the last full second.
    pub recent: u32,
    /// How long those took, as of the last full second.
    pub latencies: Option<Latencies>,
    /// When it last answered, in milliseconds on the browser's clock.
    pub last_seen: f64,
    /// How many answers the others have given since then.
    pub missed: u32,
    /// Whether it has been silent for so long that it must be gone.
    pub gone: bool,
}

/// How long submissions took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies {
    /// Half of them took no longer.
    pub median: u32,
    /// 99 of 100 took no longer.
    pub p99: u32,
}

impl Replica {
    /// How many shapes there are for versions.
    pub const SHAPES: u32 = 3;

    /// The replica that gave this answer.
    pub fn find_or_add<'a>(replicas: &'a mut Vec<Self>, answer: &SubmissionResponse) -> &'a mut Self {
        let known = replicas.iter().position(|replica| *replica.pod == *answer.pod);
        let index = known.unwrap_or_else(|| {
            replicas.push(Self::new(replicas, answer));
            replicas.len() - 1
        });
        &mut replicas[index]
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
            answered: 0,
            recent: 1,
            latencies: None,
            last_seen: 0.0,
            missed: 0,
            gone: false,
        }
    }
}

/// A version keeps its shape, and a new one gets the shape after that of the newest replica.
fn shape_of(version: &str, others: &[Replica]) -> u32 {
    match (others.iter().find(|other| *other.version == *version), others.last()) {
        (Some(same), _) => same.shape,
        (None, Some(newest)) => (newest.shape + 1) % Replica::SHAPES,
        (None, None) => 0,
    }
}

/// How long a replica that lives may be silent whatever the rate, in milliseconds: one that is out of CPU time stalls.
pub const STALL: f64 = 2_000.0;

/// How many answers in a row may come from others before a replica counts as gone.
///
/// A Service picks replicas at random, so silence alone proves nothing: but among `n` replicas, `8 n` answers pass a living
/// one by with a probability of about e⁻⁸, which is 1 in 3,000.
pub fn patience(replicas: usize) -> u32 {
    8 * u32::try_from(replicas).unwrap_or(u32::MAX / 8)
}

impl Latencies {
    /// Of these milliseconds, by the nearest-rank method; `None` of none.
    pub fn of(millis: Vec<u32>) -> Option<Self> {
        // Sorted by way of a heap: the code of `sort` would be four times as much to download.
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
            let answer = SubmissionResponse {
                message: String::new(),
                pod: (*pod).to_owned(),
                version: (*version).to_owned(),
                started_at: 1,
                faults: false,
            };
            Replica::find_or_add(&mut replicas, &answer);
        }
        replicas
    }

    #[test]
    fn half_take_no_longer_than_the_median_and_99_of_100_no_longer_than_p99() {
        let latencies = Latencies::of((1..=1_000).rev().collect());
        assert_eq!(latencies, Some(Latencies { median: 500, p99: 990 }));
        assert_eq!(Latencies::of(vec![7]), Some(Latencies { median: 7, p99: 7 }));
        assert_eq!(Latencies::of(vec![]), None);
    }

    #[test]
    fn as_many_replicas_as_there_are_colours_have_colours_of_their_own() {
        let pods: Vec<String> = (0..COLOURS).map(|number| format!("backend-{number}")).collect();
        let pods: Vec<_> = pods.iter().map(|pod| (pod.as_str(), "v1")).collect();
        let mut colours: Vec<u32> = replicas(&pods).iter().map(|replica| replica.colour).collect();
        colours.sort_unstable();
        assert_eq!(colours, Vec::from_iter(0..COLOURS));
    }

    #[test]
    fn a_pod_has_the_same_colour_whoever_else_is_seen() {
        let alone = replicas(&[("backend-7d9c5b8f64-x2k9p", "v1")]);
        let later = replicas(&[("backend-7d9c5b8f64-x2k9p", "v1"), ("backend-7d9c5b8f64-m4t8w", "v1")]);
        assert_eq!(alone[0].colour, later[0].colour);
    }

    #[test]
    fn replicas_of_one_version_share_a_shape_and_another_version_has_another() {
        let shapes = replicas(&[("a", "v1"), ("b", "v1"), ("c", "v2"), ("d", "v1")]);
        let shapes: Vec<u32> = shapes.iter().map(|replica| replica.shape).collect();
        assert_eq!(shapes, [0, 0, 1, 0]);
    }
}
