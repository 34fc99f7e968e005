//! Runs one scenario while requests are sent, and adds what was seen to the report.

use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::{Instant, interval, sleep_until};

use super::{Run, load::Load};
use crate::{
    cluster::pods::PodState,
    error::describe,
    plan::{scenario::Action, steps::Step},
    report::{Report, build},
    scenarios::ExpectedUntil,
    traffic::outcome::LossKind,
};

const DEFAULT_DURATION: Duration = Duration::from_secs(20);

/// After a scenario, no connection must have failed for so long.
const QUIET_TIME: Duration = Duration::from_secs(5);

/// How long to wait for that. Connection tracking forgets a connection after two minutes.
const QUIET_TIMEOUT: Duration = Duration::from_secs(150);

/// How often progress is printed.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

impl Run<'_> {
    /// Runs a scenario, and restores the cluster.
    pub(super) async fn run_step(&self, step: &Step, is_last: bool, report: &mut Report) -> Result<()> {
        let start = Instant::now();
        self.cluster.log.restart(start);
        let load = self.load(start);
        let mut partial = Partial {
            run: self,
            step,
            start,
            took: None,
            load: &load,
            report,
            outcome: Err(anyhow!("interrupted")),
        };
        let happens = async {
            tokio::select! {
                outcome = self.scenario(step, is_last, start, &load) => outcome,
                never = self.show_progress(&load, start) => never,
            }
        };
        let (outcome, took) = load.send_during(self.rate(), happens).await;
        (partial.outcome, partial.took) = (outcome, Some(took));
        let has_failed = partial.outcome.is_err();
        drop(partial);
        if has_failed {
            eprintln!("  the scenario could not be run; restoring");
        }
        self.cluster.restore().await
    }

    /// Makes it happen, and waits until the last pod that it ended is gone: that one, too, must lose nothing.
    async fn scenario(
        &self,
        step: &Step,
        is_last: bool,
        start: Instant,
        load: &Load<'_>,
    ) -> Result<Vec<ExpectedUntil>> {
        let expected = self.context(step).run(step.scenario).await;
        let has_changed = step.scenario.action() != Action::Nothing;
        let stable = match expected.is_ok() && has_changed {
            true => self.cluster.wait_until_stable().await,
            false => Ok(()),
        };
        sleep_until(start + self.plan.run.duration.unwrap_or(DEFAULT_DURATION)).await;
        if has_changed && !is_last {
            wait_until_quiet(load, start).await;
        }
        stable.and(expected)
    }

    /// Prints progress, and never ends.
    async fn show_progress<T>(&self, load: &Load<'_>, start: Instant) -> T {
        let mut tick = interval(PROGRESS_INTERVAL);
        tick.tick().await; // the first one is at once
        loop {
            tick.tick().await;
            let routes = load
                .statistics()
                .map(|(name, seen)| seen.with(|seen| format!("{name}: {} sent, {} lost", seen.sent, seen.lost())));
            let routes = routes.collect::<Vec<_>>().join("   ");
            let pods = self.cluster.pods.current();
            let ready = pods.iter().filter(|pod| pod.state == PodState::Ready).count();
            eprintln!(
                "  {:>5.1} s  {routes}   pods ready: {ready}",
                start.elapsed().as_secs_f64()
            );
        }
    }
}

/// Waits until no connection has failed for a while: a node may still track connections to a pod that is gone. Losses by
/// that are charged to the scenario that has caused them, and not to the next one.
async fn wait_until_quiet(load: &Load<'_>, start: Instant) {
    let kinds = [LossKind::Refused, LossKind::Unreachable, LossKind::TimedOut];
    let last_loss = || {
        load.statistics()
            .filter_map(|(_, seen)| seen.with(|seen| seen.last_loss(&kinds)))
            .max()
    };
    let give_up = start.elapsed() + QUIET_TIMEOUT;
    while let Some(quiet) = last_loss().map(|last| last + QUIET_TIME)
        && start.elapsed() < quiet.min(give_up)
    {
        sleep_until(start + quiet).await;
    }
}

/// A scenario that is running. Dropping it adds what was seen so far to the report, also when the run is interrupted.
struct Partial<'a> {
    run: &'a Run<'a>,
    step: &'a Step,
    start: Instant,
    /// How long it took. `None` if it is interrupted.
    took: Option<Duration>,
    load: &'a Load<'a>,
    report: &'a mut Report,
    outcome: Result<Vec<ExpectedUntil>>,
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        let (expected, failure) = match &self.outcome {
            Ok(expected) => (expected.as_slice(), None),
            Err(error) => (&[][..], Some(describe(error))),
        };
        let collected = build::Collected {
            step: self.step,
            rate: self.run.rate(),
            start: self.start,
            took: self.took.unwrap_or(self.start.elapsed()),
            events: self.run.cluster.log.events(),
            pods: self.run.cluster.pods.history(),
            expected,
            failure,
        };
        let statistics: Vec<_> = self.load.statistics().map(|(name, seen)| (name, seen.take())).collect();
        let scenario = build::scenario(self.run.plan, collected, &statistics);
        self.report.scenarios.push(scenario);
    }
}
