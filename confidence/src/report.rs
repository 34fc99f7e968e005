//! The report: what was seen in every scenario, and the verdict.
//!
//! * [`build`]: makes it from statistics, events and pods
//! * [`explain`]: says in words why something was lost
//! * [`advice`]: the settings that usually cause losses
//! * [`verdict`]: what it all means
//! * [`table`]: for people
//! * [`html`]: for presentation
//! * [`junit`]: for pipelines
//! * [`output`]: writes it in one of the formats

pub mod advice;
pub mod build;
pub mod explain;
pub mod html;
pub mod junit;
pub mod output;
pub mod table;
pub mod verdict;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::verdict::Verdict;
use crate::{
    cluster::log::Event,
    plan::scenario::{Description, Scenario},
    traffic::outcome::{ConnectionKind, LossKind},
};

/// What was seen in all scenarios that were run. Times are seconds since the start of the scenario.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The version of this schema. Fields are added without a new one.
    pub schema: u32,
    /// The context of the kubeconfig.
    pub context: String,
    /// The namespace of the Deployments.
    pub namespace: String,
    /// When the run began, in RFC 3339.
    pub started: String,
    /// Requests per second and route.
    pub rate: u32,
    /// The run fails if 99 % of the responses on a route take longer than this in a scenario.
    pub max_p99_ms: Option<f64>,
    pub routes: Vec<RouteTarget>,
    /// The workloads, as they were found.
    pub workloads: Vec<WorkloadReport>,
    pub scenarios: Vec<ScenarioReport>,
    /// The scenarios that were not run.
    pub skipped: Vec<Skipped>,
    /// What went wrong beside the scenarios.
    pub failures: Vec<String>,
    /// The verdict, once the run is over.
    pub verdict: Option<Verdict>,
    /// The verdict in words.
    pub summary: String,
}

/// A route, and where it leads.
#[derive(Debug, Clone, Serialize)]
pub struct RouteTarget {
    pub name: String,
    /// Method and URL.
    pub target: String,
}

/// A scenario that was not run.
#[derive(Debug, Clone, Serialize)]
pub struct Skipped {
    pub scenario: Scenario,
    /// What would have happened, in a few words.
    pub title: String,
    /// Why it was not run.
    pub reason: String,
    /// The user has named it: without it, the run is incomplete.
    pub is_named: bool,
}

/// A workload as it was found.
#[derive(Debug, Clone, Serialize)]
pub struct WorkloadReport {
    /// Its name with its kind, such as `deployment/shop`.
    pub name: String,
    pub image: String,
    /// The image that is rolled out.
    pub next_image: String,
    /// The number of replicas. A DaemonSet has none.
    pub replicas: Option<u64>,
    /// How many of its pods are on which node.
    pub nodes: BTreeMap<String, usize>,
    /// What is dangerous about that, or about its owner.
    pub warnings: Vec<String>,
    /// Settings that usually cause losses.
    pub advice: Vec<String>,
}

/// What was seen in one scenario.
#[derive(Debug, Clone, Serialize)]
pub struct ScenarioReport {
    pub scenario: Scenario,
    /// What happens, in a few words.
    pub title: String,
    pub description: Description,
    /// Whether something must be lost.
    pub is_control: bool,
    /// How long it took.
    pub seconds: f64,
    /// What was seen on each route.
    pub routes: Vec<RouteReport>,
    /// What was done, and what the cluster did.
    pub events: Vec<Event>,
    pub pods: Vec<PodReport>,
    /// What the losses and closed connections mean.
    pub explanations: Vec<String>,
    /// Why the scenario could not be run, or not to its end.
    pub failure: Option<String>,
}

/// What was seen on one route in one scenario.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RouteReport {
    pub route: String,
    pub sent: u64,
    /// Requests with the right response.
    pub responded: u64,
    /// Requests lost, expected or not.
    pub lost: u64,
    /// Lost requests that do not count.
    pub expected_lost: u64,
    /// Requests that a proxy sent to more than one pod.
    pub retried: u64,
    /// Connections that the server closed without having announced it.
    pub closed_without_notice: u64,
    /// The losses, grouped.
    pub losses: Vec<LossReport>,
    /// Latency of the right responses in milliseconds, from the time at which a request was due.
    pub latency_ms: Latency,
    /// How many requests each version responded to.
    pub versions: BTreeMap<String, u64>,
    /// How many requests each pod responded to.
    pub pods: BTreeMap<String, u64>,
    /// How many requests each pod of a proxy forwarded.
    pub proxies: BTreeMap<String, u64>,
    /// What was seen in each interval.
    pub timeline: Vec<Interval>,
}

/// Losses of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct LossReport {
    pub kind: LossKind,
    pub connection: ConnectionKind,
    /// The error or the unexpected value.
    pub detail: String,
    pub count: u64,
    /// When the first of these requests was due.
    pub first: f64,
    /// When the last of these requests was due.
    pub last: f64,
    /// Why they do not count, if they do not.
    pub expected: Option<String>,
}

/// Quantiles of latencies, in milliseconds: 99 % are faster than `p99`.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
}

/// What was seen in one interval, by the time at which requests were due.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Interval {
    /// Its begin.
    pub at: f64,
    /// How many requests each version responded to; without versions, the key is empty.
    pub responded: BTreeMap<String, u64>,
    pub lost: u64,
    pub closed_without_notice: u64,
    pub latency_ms: Latency,
}

/// A pod during a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct PodReport {
    pub name: String,
    /// Its workload, such as `deployment/shop`.
    pub workload: String,
    pub node: Option<String>,
    pub image: String,
    /// The hash of its pod template: pods of one release have the same.
    pub release: String,
    /// Its states, one after the other.
    pub spans: Vec<Span>,
}

/// A state of a pod, for a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    pub from: f64,
    pub until: f64,
    /// `ready`, `not-ready`, `terminating` or `ended`.
    pub state: &'static str,
}

/// Returns a number with commas between the thousands.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
