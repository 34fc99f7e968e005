//! Runs the scenarios of a plan, one after the other, while requests are sent on every route.
//!
//! * [`confirm`]: says what will happen, and asks
//! * [`load`]: the requests of one scenario
//! * [`generator_pod`]: a pod in the cluster that sends them

mod confirm;
pub mod generator_pod;
pub mod load;

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::time::{Instant, interval, sleep_until};

use self::load::Load;
use crate::{
    cluster::{Cluster, pods::PodState},
    error::describe,
    plan::{Plan, address::Url, scenario::Action, steps::Step},
    report::{Report, RouteTarget, Skipped, build},
    scenarios::{Context, ExpectedUntil},
    traffic::{client::Target, outcome::LossKind, tls::TlsSettings},
};

const DEFAULT_DURATION: Duration = Duration::from_secs(20);
const DEFAULT_RATE: u32 = 50;
const DEFAULT_CONNECTIONS: u16 = 8;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a route may take until its first response. A new Service leads to no pod for some seconds.
const REACHABLE_TIMEOUT: Duration = Duration::from_secs(15);

/// After a scenario, no connection must have failed for so long.
const QUIET_TIME: Duration = Duration::from_secs(5);

/// How long to wait for that. Connection tracking forgets a connection after two minutes.
const QUIET_TIMEOUT: Duration = Duration::from_secs(150);

/// How often progress is printed.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// A plan, ready to run on a cluster.
pub struct Run<'a> {
    plan: &'a Plan,
    cluster: &'a Cluster,
    routes: Vec<(String, Target)>,
    steps: Vec<Step>,
    skipped: Vec<Skipped>,
}

impl<'a> Run<'a> {
    /// Finds the addresses of all routes, and which scenarios can be run.
    pub async fn prepare(plan: &'a Plan, cluster: &'a Cluster) -> Result<Self> {
        let settings = &plan.run;
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read the certificates in {}", path.display()))
        };
        let tls = TlsSettings {
            ca: settings.ca.as_ref().map(read).transpose()?,
            is_insecure: settings.insecure,
        };
        let mut routes = Vec::new();
        for route in &plan.routes {
            let url = cluster.address(route, settings.from_pod.is_some()).await?;
            let mut request = route.request.clone();
            if let Some(path) = url.path.clone().filter(|_| request.path == "/") {
                request.path = path;
            }
            let target = Target {
                tls: tls.clone(),
                http: settings.http,
                url,
                request,
                response: route.response.clone(),
                connections: u32::from(settings.connections.unwrap_or(DEFAULT_CONNECTIONS)),
                timeout: settings.timeout.unwrap_or(DEFAULT_TIMEOUT),
            };
            routes.push((route.name.as_ref().clone(), target));
        }
        let mut run = Self {
            plan,
            cluster,
            routes,
            steps: Vec::new(),
            skipped: Vec::new(),
        };
        for step in plan.steps() {
            let targets = run.context(&step).targets;
            match cluster.obstacle(step.scenario, &targets, &plan.scenarios).await? {
                None => run.steps.push(step),
                Some(reason) => run.skipped.push(Skipped {
                    scenario: step.scenario,
                    title: step.title(plan),
                    reason,
                    is_named: !settings.scenarios.is_empty(),
                }),
            }
        }
        Ok(run)
    }

    /// Waits until every route has responded: losses of a route that never worked would show nothing.
    pub async fn wait_until_reachable(&self) -> Result<()> {
        let limit = REACHABLE_TIMEOUT.min(self.cluster.wait);
        let load = self.load(Instant::now());
        if load.wait_until_reachable(limit).await? {
            return Ok(());
        }
        let routes = self.routes.iter().zip(load.statistics());
        for ((name, target), (_, seen)) in routes {
            let seen = seen.take();
            let (0, last) = (seen.responded(), seen.losses.last()) else {
                continue;
            };
            let seen = last.map_or_else(
                || "no response".to_owned(),
                |loss| format!("{} ({})", loss.kind, loss.detail),
            );
            bail!(
                "the route {name:?} does not respond as planned, nothing was changed: {seen}, {}. Is the address right, and \
                 what the plan expects of a response?",
                describe_target(target)
            );
        }
        Ok(())
    }

    fn load(&self, start: Instant) -> Load<'_> {
        Load::new(self.cluster, self.plan.run.from_pod.as_deref(), &self.routes, start)
    }

    /// Returns a report without scenarios.
    pub async fn report(&self) -> Report {
        // Who may not list the nodes does not learn whether all pods are on one of several.
        let nodes = self.cluster.schedulable_nodes().await.unwrap_or_default();
        let target = |(name, target): &(String, Target)| RouteTarget {
            name: name.clone(),
            target: describe_target(target),
        };
        Report {
            schema: 1,
            context: self.cluster.context.clone(),
            namespace: self.cluster.namespace.clone(),
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            rate: self.rate(),
            max_p99_ms: self.plan.run.fail_above_p99.map(|limit| limit.as_secs_f64() * 1000.0),
            routes: self.routes.iter().map(target).collect(),
            workloads: build::workloads(self.cluster, nodes.len()),
            skipped: self.skipped.clone(),
            ..Report::default()
        }
    }

    /// Runs all scenarios. What was seen until an error, or until this future is dropped, is in the report. Restoring the
    /// cluster then is up to the caller.
    pub async fn run(&self, report: &mut Report) -> Result<()> {
        for (index, step) in self.steps.iter().enumerate() {
            eprintln!("{}/{} {}", index + 1, self.steps.len(), step.title(self.plan));
            let is_last = index + 1 == self.steps.len();
            self.run_step(step, is_last, report).await?;
        }
        Ok(())
    }

    async fn run_step(&self, step: &Step, is_last: bool, report: &mut Report) -> Result<()> {
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

    fn context(&self, step: &Step) -> Context<'a> {
        let cluster = self.cluster;
        Context {
            cluster,
            routes: &self.plan.routes,
            settings: &self.plan.scenarios,
            targets: step.targets.iter().map(|&target| &cluster.workloads[target]).collect(),
        }
    }

    fn rate(&self) -> u32 {
        self.plan.run.rate.unwrap_or(DEFAULT_RATE)
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

fn describe_target(target: &Target) -> String {
    let url = Url {
        path: Some(target.request.path.clone()),
        ..target.url.clone()
    };
    format!("{} {url}", target.request.method)
}
