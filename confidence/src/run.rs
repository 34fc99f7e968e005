//! Runs the scenarios of a plan, one after the other, while requests are sent on every route.
//!
//! * [`step`]: runs one of them
//! * [`confirm`]: says what will happen, and asks
//! * [`load`]: the requests of one scenario
//! * [`generator_pod`]: a pod in the cluster that sends them

mod confirm;
pub mod generator_pod;
pub mod load;
mod step;

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, bail};
use tokio::time::Instant;

use self::load::Load;
use crate::{
    cluster::Cluster,
    plan::{Plan, address::Url, steps::Step},
    report::{Report, RouteTarget, Skipped, build},
    scenarios::Context,
    traffic::{client::Target, tls::TlsSettings},
};

const DEFAULT_RATE: u32 = 50;
const DEFAULT_CONNECTIONS: u16 = 8;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a route may take until its first response. A new Service leads to no pod for some seconds.
const REACHABLE_TIMEOUT: Duration = Duration::from_secs(15);

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
}

fn describe_target(target: &Target) -> String {
    let url = Url {
        path: Some(target.request.path.clone()),
        ..target.url.clone()
    };
    format!("{} {url}", target.request.method)
}
