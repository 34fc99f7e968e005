//! The report: what was seen in every scenario, and the verdict.
//!
//! * [`build`]: makes it from tallies, events and pods
//! * [`explain`]: says in words why something was lost, and which settings usually cause it
//! * [`table`]: for people
//! * [`html`]: for people in a room
//! * [`output`]: writes it in one of the formats

pub mod build;
pub mod explain;
pub mod html;
pub mod output;
pub mod table;

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::{
    scenarios::{Scenario, stage::Description},
    traffic::outcome::{ConnectionKind, LossKind},
};

/// What was seen in all scenarios that were run. Times are seconds since the start of the scenario.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The context of kubectl.
    pub context: String,
    /// The namespace of the Deployments.
    pub namespace: String,
    /// When the run began, in RFC 3339.
    pub started: String,
    /// Requests per second and route.
    pub rate: u32,
    /// The routes.
    pub routes: Vec<RouteTarget>,
    /// The Deployments, as they were found.
    pub deployments: Vec<DeploymentReport>,
    /// The scenarios, in order.
    pub scenarios: Vec<ScenarioReport>,
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
    /// Its name.
    pub name: String,
    /// Method and URL.
    pub target: String,
}

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing was lost that had to be answered.
    Passed,
    /// Something was lost.
    Lost,
    /// Not everything could be run: this proves nothing.
    Incomplete,
}

/// A Deployment as it was found.
#[derive(Debug, Clone, Serialize)]
pub struct DeploymentReport {
    /// Its name.
    pub name: String,
    /// The image of its container.
    pub image: String,
    /// The image that is rolled out.
    pub next_image: String,
    /// The number of replicas.
    pub replicas: u64,
    /// How many of its pods are on which node.
    pub nodes: BTreeMap<String, usize>,
    /// What is dangerous about that.
    pub warnings: Vec<String>,
    /// Settings that usually cause losses.
    pub advice: Vec<String>,
}

/// What was seen in one scenario.
#[derive(Debug, Clone, Serialize)]
pub struct ScenarioReport {
    /// The scenario.
    pub scenario: Scenario,
    /// What happens, in a few words.
    pub title: String,
    /// What it is about.
    pub description: Description,
    /// Whether something must be lost.
    pub is_control: bool,
    /// How long it took.
    pub seconds: f64,
    /// What was seen on each route.
    pub routes: Vec<RouteReport>,
    /// What was done, and what the cluster did.
    pub events: Vec<Event>,
    /// The pods.
    pub pods: Vec<PodReport>,
    /// What the losses and closed connections mean.
    pub explanations: Vec<String>,
    /// Why the scenario could not be run, or not to its end.
    pub failure: Option<String>,
}

/// What was seen on one route in one scenario.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RouteReport {
    /// The name of the route.
    pub route: String,
    /// Requests sent.
    pub sent: u64,
    /// Requests with the right response.
    pub answered: u64,
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
    /// How many requests each version answered.
    pub versions: BTreeMap<String, u64>,
    /// How many requests each pod answered.
    pub pods: BTreeMap<String, u64>,
    /// How many requests each pod of a proxy forwarded.
    pub proxies: BTreeMap<String, u64>,
    /// What was seen in each interval.
    pub timeline: Vec<Interval>,
}

/// Losses of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct LossReport {
    /// The kind of loss.
    pub kind: LossKind,
    /// The kind of connection.
    pub connection: ConnectionKind,
    /// The error or the unexpected value.
    pub detail: String,
    /// How many.
    pub count: u64,
    /// When the first of these requests was due.
    pub first: f64,
    /// When the last of these requests was due.
    pub last: f64,
    /// Why they do not count, if they do not.
    pub expected: Option<String>,
}

/// Quantiles of latencies, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Latency {
    /// Half are faster.
    pub p50: f64,
    /// 90 % are faster.
    pub p90: f64,
    /// 99 % are faster.
    pub p99: f64,
    /// The slowest one.
    pub max: f64,
}

/// What was seen in one interval, by the time at which requests were due.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Interval {
    /// Its begin.
    pub at: f64,
    /// How many requests each version answered; without versions, the key is empty.
    pub answered: BTreeMap<String, u64>,
    /// Lost requests.
    pub lost: u64,
    /// Connections closed without notice.
    pub closed_without_notice: u64,
    /// Latency in milliseconds.
    pub latency_ms: Latency,
}

/// Something that was done, or that the cluster did.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// When.
    pub at: f64,
    /// What.
    pub text: String,
}

/// A pod during a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct PodReport {
    /// Its name.
    pub name: String,
    /// The name of its Deployment.
    pub deployment: String,
    /// Its node.
    pub node: Option<String>,
    /// The image of its container.
    pub image: String,
    /// The hash of its pod template: pods of one release have the same.
    pub release: String,
    /// Its states, one after the other.
    pub spans: Vec<Span>,
}

/// A state of a pod, for a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    /// From when.
    pub from: f64,
    /// Until when.
    pub until: f64,
    /// `ready`, `not-ready`, `terminating` or `ended`.
    pub state: &'static str,
}

impl RouteReport {
    /// Returns how many requests were lost that had to be answered.
    pub fn unexpectedly_lost(&self) -> u64 {
        self.lost - self.expected_lost
    }
}

impl ScenarioReport {
    /// Returns whether the tool has seen that something is wrong: a negative control must be detected.
    pub fn is_detected(&self) -> bool {
        self.routes
            .iter()
            .any(|route| route.lost + route.closed_without_notice > 0)
    }

    /// Returns how many requests were lost that had to be answered.
    pub fn lost(&self) -> u64 {
        match self.is_control {
            true => 0,
            false => self.routes.iter().map(RouteReport::unexpectedly_lost).sum(),
        }
    }

    /// Returns why the scenario proves nothing, if so.
    pub fn problem(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(format!("{}: could not be run: {failure}", self.title));
        }
        if let Some(route) = self.routes.iter().find(|route| route.answered == 0 && !self.is_control) {
            return Some(format!("{}, {}: no request was answered", self.title, route.route));
        }
        if let Some(loss) = self.losses().find(|loss| loss.kind == LossKind::NotSent) {
            return Some(format!(
                "{}: this machine could not send {} requests: {}",
                self.title, loss.count, loss.detail
            ));
        }
        (self.is_control && !self.is_detected()).then(|| {
            format!(
                "{}: nothing was lost, so the negative control proves nothing",
                self.title
            )
        })
    }

    fn losses(&self) -> impl Iterator<Item = &LossReport> {
        self.routes.iter().flat_map(|route| &route.losses)
    }
}

impl Report {
    /// Decides the verdict.
    pub fn conclude(&mut self) {
        let lost: u64 = self.scenarios.iter().map(ScenarioReport::lost).sum();
        let routes = || self.scenarios.iter().flat_map(|scenario| &scenario.routes);
        let sent: u64 = routes().map(|route| route.sent).sum();
        let is_complete = !self.scenarios.is_empty()
            && self.failures.is_empty()
            && self.scenarios.iter().all(|scenario| scenario.problem().is_none());
        let (verdict, summary) = match (lost, is_complete) {
            (0, true) => (
                Verdict::Passed,
                format!("None of {} requests was lost that had to be answered.", thousands(sent)),
            ),
            (0, false) => (
                Verdict::Incomplete,
                "This proves nothing: not every scenario could be run to its end.".to_owned(),
            ),
            _ => (
                Verdict::Lost,
                format!("{} of {} requests were lost.", thousands(lost), thousands(sent)),
            ),
        };
        self.verdict = Some(verdict);
        self.summary = summary;
    }

    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Some(Verdict::Passed) => 0,
            Some(Verdict::Lost) => 1,
            Some(Verdict::Incomplete) | None => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Passed => "passed",
            Self::Lost => "lost",
            Self::Incomplete => "incomplete",
        })
    }
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
