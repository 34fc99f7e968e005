//! Makes the report of a scenario from its statistics, events and [`pods`].

mod pods;

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{Interval, Latency, LossReport, RouteReport, ScenarioReport, WorkloadReport, advice, explain};
use crate::{
    cluster::{
        Cluster,
        log::Event,
        pods::{PodChange, PodState},
        workload::Workload,
    },
    plan::{Plan, steps::Step},
    scenarios::ExpectedUntil,
    traffic::{
        outcome::{ConnectionKind, LossKind},
        statistics::{LossSample, RouteStatistics},
    },
};

/// At most so many intervals are in a timeline.
const MAX_INTERVALS: f64 = 240.0;

/// Returns the workloads and their pods as they are.
pub fn workloads(cluster: &Cluster, schedulable_nodes: usize) -> Vec<WorkloadReport> {
    let pods = cluster.pods.current();
    let report = |workload: &Workload| {
        let name = workload.reference();
        let mut nodes = BTreeMap::new();
        for pod in pods
            .iter()
            .filter(|pod| pod.workload == name && pod.state == PodState::Ready)
        {
            *nodes.entry(pod.node.clone().unwrap_or_default()).or_default() += 1;
        }
        let mut warnings = workload.notices();
        if let [(node, pods @ 2..)] = Vec::from_iter(&nodes).as_slice()
            && schedulable_nodes > 1
        {
            warnings.push(format!(
                "all {pods} pods of {name} are on {node}: if it fails, nothing serves until they are replaced"
            ));
        }
        WorkloadReport {
            image: workload.image().to_owned(),
            next_image: workload.next_image().to_owned(),
            replicas: workload.replicas(),
            nodes,
            warnings,
            advice: advice::advice(workload),
            name,
        }
    };
    cluster.workloads.iter().map(report).collect()
}

/// What was collected while a scenario ran.
#[derive(Debug)]
pub struct Collected<'a> {
    pub step: &'a Step,
    pub rate: u32,
    pub start: Instant,
    pub took: Duration,
    pub events: Vec<Event>,
    /// All changes of pods since the program started.
    pub pods: Vec<PodChange>,
    /// Losses that the scenario itself found to be expected.
    pub expected: &'a [ExpectedUntil],
    /// Why it could not be run.
    pub failure: Option<String>,
}

/// Returns the report of a scenario, with what was seen on each route.
pub fn scenario(plan: &Plan, collected: Collected<'_>, statistics: &[(&str, RouteStatistics)]) -> ScenarioReport {
    let step = collected.step;
    let took = collected.took.as_secs_f64();
    let mut report = ScenarioReport {
        scenario: step.scenario,
        title: step.title(plan),
        description: step.scenario.description(),
        is_control: step.scenario.is_control(),
        seconds: took,
        routes: Vec::new(),
        events: collected.events,
        pods: pods::pods(&collected.pods, collected.start, collected.took),
        explanations: Vec::new(),
        failure: collected.failure,
    };
    for (name, statistics) in statistics {
        let by_plan = plan.expected_loss(step.scenario, name);
        let by_scenario = collected.expected.iter().find(|expected| expected.route == *name);
        let expected = |loss: &LossSample| match (by_plan, by_scenario) {
            (Some(reason), _) => Some(reason.to_owned()),
            (None, Some(expected)) if loss.due < expected.until => Some(expected.reason.clone()),
            _ => None,
        };
        report.routes.push(route(name, statistics, took, expected));
    }
    report.explanations = explain::explanations(&report);
    if report.failure.is_none() {
        let behind = |(name, seen): &(&str, _)| explain::behind(name, seen, collected.rate, collected.took);
        report.explanations.extend(statistics.iter().filter_map(behind));
    }
    report
}

pub fn route(
    name: &str,
    statistics: &RouteStatistics,
    seconds: f64,
    expected: impl Fn(&LossSample) -> Option<String>,
) -> RouteReport {
    let mut groups = BTreeMap::<(LossKind, ConnectionKind, &str, Option<String>), (u64, f64, f64)>::new();
    for loss in &statistics.losses {
        let due = loss.due.as_secs_f64();
        let group = (loss.kind, loss.connection, loss.detail.as_str(), expected(loss));
        let (count, first, last) = groups.entry(group).or_insert((0, due, due));
        *count += 1;
        *first = first.min(due);
        *last = last.max(due);
    }
    let losses: Vec<_> = groups
        .into_iter()
        .map(
            |((kind, connection, detail, expected), (count, first, last))| LossReport {
                kind,
                connection,
                detail: detail.to_owned(),
                count,
                first,
                last,
                expected,
            },
        )
        .collect();
    let mut versions = BTreeMap::<String, u64>::new();
    let mut pods = BTreeMap::<String, u64>::new();
    for response in &statistics.responses {
        if let Some(version) = response.version {
            *versions.entry(statistics.versions[version].clone()).or_default() += 1;
        }
        if let Some(pod) = response.pod {
            *pods.entry(statistics.pods[pod].clone()).or_default() += 1;
        }
    }
    let expected_losses = losses.iter().filter(|loss| loss.expected.is_some());
    RouteReport {
        route: name.to_owned(),
        sent: statistics.sent,
        responded: statistics.responded(),
        lost: statistics.lost(),
        expected_lost: expected_losses.map(|loss| loss.count).sum(),
        retried: statistics.retried,
        closed_without_notice: statistics.closed_without_notice.len() as u64,
        latency_ms: latency(statistics.responses.iter().map(|response| response.latency).collect()),
        versions,
        pods,
        proxies: statistics.proxies.clone(),
        timeline: timeline(statistics, seconds),
        losses,
    }
}

/// Returns what was seen in each interval.
fn timeline(statistics: &RouteStatistics, seconds: f64) -> Vec<Interval> {
    let width = ((seconds / MAX_INTERVALS * 2.0).ceil() / 2.0).max(0.5);
    let count = (seconds / width).ceil().max(1.0) as usize;
    let index = |at: Duration| ((at.as_secs_f64() / width) as usize).min(count - 1);
    let mut intervals: Vec<_> = (0..count)
        .map(|index| Interval {
            at: index as f64 * width,
            ..Interval::default()
        })
        .collect();
    let mut latencies = vec![Vec::new(); count];
    for response in &statistics.responses {
        let version = response.version.map_or("", |version| &statistics.versions[version]);
        let at = index(response.due);
        *intervals[at].responded.entry(version.to_owned()).or_default() += 1;
        latencies[at].push(response.latency);
    }
    for loss in &statistics.losses {
        intervals[index(loss.due)].lost += 1;
    }
    for &at in &statistics.closed_without_notice {
        intervals[index(at)].closed_without_notice += 1;
    }
    for (interval, latencies) in intervals.iter_mut().zip(latencies) {
        interval.latency_ms = latency(latencies);
    }
    intervals
}

fn latency(mut latencies: Vec<Duration>) -> Latency {
    latencies.sort_unstable();
    let at = |quantile: f64| {
        let rank = (latencies.len() as f64 * quantile).ceil() as usize;
        let latency = latencies.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        latency.as_secs_f64() * 1000.0
    };
    Latency {
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        max: at(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_latencies() {
        let quantiles = latency((1..=100).map(Duration::from_millis).collect());
        assert_eq!(
            [quantiles.p50, quantiles.p90, quantiles.p99, quantiles.max],
            [50.0, 90.0, 99.0, 100.0]
        );
        assert_eq!(latency(Vec::new()).max, 0.0);
    }
}
