//! The verdict: what was lost, what was too slow, and whether the run shows anything.

use serde::Serialize;

use super::{LossReport, Report, RouteReport, ScenarioReport, thousands};
use crate::traffic::outcome::LossKind;

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing was lost unexpectedly.
    Passed,
    /// Something was lost.
    Lost,
    /// Nothing was lost, but responses took too long.
    Slow,
    /// Not everything could be run: this shows nothing.
    Incomplete,
}

impl RouteReport {
    /// Returns how many requests were lost unexpectedly.
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

    /// Returns how many requests were lost unexpectedly.
    pub fn lost(&self) -> u64 {
        match self.is_control {
            true => 0,
            false => self.routes.iter().map(RouteReport::unexpectedly_lost).sum(),
        }
    }

    /// Returns why the scenario shows nothing, if so.
    pub fn problem(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(format!("{}: could not be run: {failure}", self.title));
        }
        if let Some(route) = self
            .routes
            .iter()
            .find(|route| route.responded == 0 && !self.is_control)
        {
            return Some(format!("{}, {}: there was no right response", self.title, route.route));
        }
        if let Some(loss) = self.losses().find(|loss| loss.kind == LossKind::NotSent) {
            return Some(format!(
                "{}: this machine could not send {} requests: {}",
                self.title, loss.count, loss.detail
            ));
        }
        (self.is_control && !self.is_detected()).then(|| {
            format!(
                "{}: nothing was lost, so the negative control shows nothing",
                self.title
            )
        })
    }

    /// Returns the routes on which 99 % of the responses took longer than `limit` milliseconds.
    pub fn slow(&self, limit: f64) -> impl Iterator<Item = String> {
        let routes = self
            .routes
            .iter()
            .filter(move |route| !self.is_control && route.latency_ms.p99 > limit);
        routes.map(move |route| {
            let p99 = route.latency_ms.p99;
            format!(
                "{}, {}: p99 is {p99:.0} ms, more than {limit:.0} ms",
                self.title, route.route
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
        let all_lost: u64 = routes().map(|route| route.lost).sum();
        let slow = self.slow();
        let skipped: Vec<_> = self.skipped.iter().filter(|skipped| skipped.is_named).collect();
        let is_complete = !self.scenarios.is_empty()
            && self.failures.is_empty()
            && self.scenarios.iter().all(|scenario| scenario.problem().is_none());
        let (verdict, summary) = if lost > 0 {
            (
                Verdict::Lost,
                format!(
                    "{} of {} requests {} lost.",
                    thousands(lost),
                    thousands(sent),
                    was(lost)
                ),
            )
        } else if !is_complete {
            (
                Verdict::Incomplete,
                "This shows nothing: not every scenario could be run to its end.".to_owned(),
            )
        } else if !slow.is_empty() {
            (Verdict::Slow, format!("Too slow: {}.", slow.join("; ")))
        } else {
            let seen = match all_lost {
                0 => format!("None of {} requests was lost", thousands(sent)),
                _ => format!(
                    "{} of {} requests {} lost, all expected",
                    thousands(all_lost),
                    thousands(sent),
                    was(all_lost)
                ),
            };
            match skipped.len() {
                0 => (Verdict::Passed, format!("{seen}.")),
                count => (
                    Verdict::Incomplete,
                    format!("{seen}, but scenarios that you have named were skipped: {count}."),
                ),
            }
        };
        self.verdict = Some(verdict);
        self.summary = summary;
    }

    /// Returns where 99 % of the responses took longer than they may.
    pub fn slow(&self) -> Vec<String> {
        let limit = self.max_p99_ms.unwrap_or(f64::INFINITY);
        let of = |scenario: &ScenarioReport| scenario.slow(limit).collect::<Vec<_>>();
        self.scenarios.iter().flat_map(of).collect()
    }

    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Some(Verdict::Passed) => 0,
            Some(Verdict::Lost | Verdict::Slow) => 1,
            Some(Verdict::Incomplete) | None => 3,
        }
    }
}

fn was(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}
