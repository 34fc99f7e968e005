//! Makes the report of a scenario from its tallies, events and pods.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    DeploymentReport, Event, Interval, Latency, LossReport, PodReport, RouteReport, ScenarioReport, Span, explain,
};
use crate::{
    cluster::{
        Cluster,
        pods::{Pod, PodChange, PodState},
    },
    plan::{Plan, steps::Step},
    scenarios::stage::ExpectedUntil,
    traffic::{
        outcome::{ConnectionKind, LossKind},
        tally::{LossSample, Tally},
    },
};

/// At most so many intervals are in a timeline.
const MAX_INTERVALS: f64 = 240.0;

/// Returns the Deployments and their pods as they are.
pub fn deployments(cluster: &Cluster, schedulable_nodes: usize) -> Vec<DeploymentReport> {
    let pods = cluster.pods.current();
    let report = |deployment: &crate::cluster::deployment::Deployment| {
        let mut nodes = BTreeMap::new();
        for pod in pods.iter().filter(|pod| pod.deployment == deployment.name) {
            *nodes.entry(pod.node.clone().unwrap_or_default()).or_default() += 1;
        }
        let mut warnings = Vec::new();
        if let ([node], true) = (Vec::from_iter(nodes.keys()).as_slice(), deployment.replicas() > 1)
            && schedulable_nodes > 1
        {
            let replicas = deployment.replicas();
            warnings.push(format!(
                "all {replicas} replicas of deployment/{} are on {node}: if it fails, nothing serves until they are replaced",
                deployment.name
            ));
        }
        DeploymentReport {
            name: deployment.name.clone(),
            image: deployment.image().to_owned(),
            next_image: deployment.next_image().to_owned(),
            replicas: deployment.replicas(),
            nodes,
            warnings,
            advice: explain::advice(deployment),
        }
    };
    cluster.deployments.iter().map(report).collect()
}

/// What was collected while a scenario ran.
#[derive(Debug)]
pub struct Collected<'a> {
    /// The scenario.
    pub step: &'a Step,
    /// When it began.
    pub start: Instant,
    /// How long it took.
    pub took: Duration,
    /// Events.
    pub events: Vec<(Duration, String)>,
    /// All changes of pods since the program started.
    pub pods: Vec<PodChange>,
    /// Losses that the scenario itself found to be expected.
    pub expected: &'a [ExpectedUntil],
    /// Why it could not be run.
    pub failure: Option<String>,
}

/// Returns the report of a scenario, without its routes' tallies.
pub fn scenario(plan: &Plan, collected: Collected<'_>, tallies: &[(&str, &Tally)]) -> ScenarioReport {
    let step = collected.step;
    let took = collected.took.as_secs_f64();
    let mut report = ScenarioReport {
        scenario: step.scenario,
        title: step.title(plan),
        description: step.scenario.description(),
        is_control: step.scenario.is_control(),
        seconds: took,
        routes: Vec::new(),
        events: collected
            .events
            .into_iter()
            .map(|(at, text)| Event {
                at: at.as_secs_f64(),
                text,
            })
            .collect(),
        pods: pods(&collected.pods, collected.start, collected.took),
        explanations: Vec::new(),
        failure: collected.failure,
    };
    for (name, tally) in tallies {
        let by_plan = plan.expected_loss(step.scenario, name);
        let by_scenario = collected.expected.iter().find(|expected| expected.route == *name);
        let expected = |loss: &LossSample| match (by_plan, by_scenario) {
            (Some(reason), _) => Some(reason.to_owned()),
            (None, Some(expected)) if loss.due < expected.until => Some(expected.reason.clone()),
            _ => None,
        };
        report.routes.push(route(name, tally, took, expected));
    }
    report.explanations = explain::explanations(&report);
    report
}

/// Returns the report of a route.
pub fn route(name: &str, tally: &Tally, seconds: f64, expected: impl Fn(&LossSample) -> Option<String>) -> RouteReport {
    let mut groups = BTreeMap::<(LossKind, ConnectionKind, &str, Option<String>), (u64, f64, f64)>::new();
    for loss in &tally.losses {
        let due = loss.due.as_secs_f64();
        let group = (loss.kind, loss.connection, tally.detail(loss), expected(loss));
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
    for answer in &tally.answers {
        if let Some(version) = answer.version {
            *versions.entry(tally.versions.name(version).to_owned()).or_default() += 1;
        }
        if let Some(pod) = answer.pod {
            *pods.entry(tally.pods.name(pod).to_owned()).or_default() += 1;
        }
    }
    let expected_losses = losses.iter().filter(|loss| loss.expected.is_some());
    RouteReport {
        route: name.to_owned(),
        sent: tally.sent,
        answered: tally.answered(),
        lost: tally.lost(),
        expected_lost: expected_losses.map(|loss| loss.count).sum(),
        retried: tally.retried,
        closed_without_notice: tally.closed_without_notice.len() as u64,
        latency_ms: latency(tally.answers.iter().map(|answer| answer.latency).collect()),
        versions,
        pods,
        proxies: tally.proxies.clone(),
        timeline: timeline(tally, seconds),
        losses,
    }
}

/// Returns what was seen in each interval.
fn timeline(tally: &Tally, seconds: f64) -> Vec<Interval> {
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
    for answer in &tally.answers {
        let version = answer.version.map_or("", |version| tally.versions.name(version));
        let at = index(answer.due);
        *intervals[at].answered.entry(version.to_owned()).or_default() += 1;
        latencies[at].push(answer.latency);
    }
    for loss in &tally.losses {
        intervals[index(loss.due)].lost += 1;
    }
    for &at in &tally.closed_without_notice {
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

/// Returns the states of all pods between `start` and the end of the scenario.
fn pods(changes: &[PodChange], start: Instant, took: Duration) -> Vec<PodReport> {
    let end = took.as_secs_f64();
    let since_start = |at: Instant| match at.checked_duration_since(start) {
        Some(after) => after.as_secs_f64(),
        None => 0.0,
    };
    let names: BTreeSet<_> = changes.iter().map(|change| change.name.as_str()).collect();
    let mut reports: Vec<PodReport> = Vec::new();
    for name in names {
        let history: Vec<_> = changes.iter().filter(|change| change.name == name).collect();
        let mut spans: Vec<Span> = Vec::new();
        for (index, change) in history.iter().enumerate() {
            let Some(pod) = &change.pod else { continue };
            let until = history.get(index + 1).map_or(end, |next| since_start(next.at)).min(end);
            let from = since_start(change.at);
            if until <= from {
                continue;
            }
            let state = state_name(pod.state);
            match spans.last_mut() {
                Some(last) if last.state == state => last.until = until,
                _ => spans.push(Span { from, until, state }),
            }
        }
        let last: Option<&Pod> = history.iter().rev().find_map(|change| change.pod.as_ref());
        if let (Some(pod), false) = (last, spans.is_empty()) {
            reports.push(PodReport {
                name: name.to_owned(),
                deployment: pod.deployment.clone(),
                node: pod.node.clone(),
                image: pod.image.clone(),
                release: pod.release.clone(),
                spans,
            });
        }
    }
    let begin = |pod: &PodReport| pod.spans.first().map_or(0.0, |span| span.from);
    reports.sort_by(|a, b| a.deployment.cmp(&b.deployment).then(begin(a).total_cmp(&begin(b))));
    reports
}

fn state_name(state: PodState) -> &'static str {
    match state {
        PodState::NotReady => "not-ready",
        PodState::Ready => "ready",
        PodState::Terminating => "terminating",
        PodState::Ended => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(state: PodState) -> Option<Pod> {
        Some(Pod {
            name: "shop-1".to_owned(),
            deployment: "shop".to_owned(),
            node: Some("node-1".to_owned()),
            image: "shop:v1".to_owned(),
            release: "1".to_owned(),
            state,
            restarts: 0,
            reason: None,
            waiting_image: None,
        })
    }

    #[test]
    fn the_states_of_a_pod_are_clipped_to_the_scenario() {
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let change = |seconds, pod| PodChange {
            at: after(seconds),
            pod,
            name: "shop-1".to_owned(),
        };
        let changes = [
            change(0, pod(PodState::NotReady)),
            change(5, pod(PodState::Ready)),
            change(12, pod(PodState::Terminating)),
            change(15, None),
        ];
        let span = |from, until, state| Span { from, until, state };
        let reports = pods(&changes, after(10), Duration::from_secs(20));
        assert_eq!(
            reports[0].spans,
            [span(0.0, 2.0, "ready"), span(2.0, 5.0, "terminating")]
        );
        assert!(pods(&changes, after(16), Duration::from_secs(20)).is_empty());
        assert_eq!(
            pods(&changes, after(0), Duration::from_secs(3))[0].spans,
            [span(0.0, 3.0, "not-ready")]
        );
    }

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
