//! Runs the scenarios of a plan, one after the other, while requests are sent on every route.

use std::{
    io::{IsTerminal, Write},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{Result, anyhow};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, interval, sleep_until},
};

use crate::{
    cluster::Cluster,
    failure::Failure,
    plan::{Plan, steps::Step},
    report::{Report, RouteTarget, build},
    scenarios::stage::{ExpectedUntil, Stage},
    traffic::{
        client::{Client, Target},
        generator::generate,
        tally::SharedTally,
    },
};

const DEFAULT_DURATION: Duration = Duration::from_secs(20);
const DEFAULT_RATE: u32 = 50;
const DEFAULT_CONNECTIONS: u16 = 8;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a route may take until it answers for the first time. A new Service leads to no pod for some seconds.
const FIRST_ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// How often progress is printed.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// A plan, ready to run on a cluster.
#[derive(Debug)]
pub struct Run<'a> {
    plan: &'a Plan,
    cluster: &'a Cluster,
    routes: Vec<(String, Target)>,
    steps: Vec<Step>,
}

impl<'a> Run<'a> {
    /// Finds the addresses of all routes.
    ///
    /// # Errors
    /// If a Service has no external address.
    pub async fn prepare(plan: &'a Plan, cluster: &'a Cluster) -> Result<Self> {
        let mut routes = Vec::new();
        for route in &plan.routes {
            let url = cluster.address(route).await?;
            let mut request = route.request.clone();
            if let Some(path) = url.path.filter(|_| request.path == "/") {
                request.path = path;
            }
            let target = Target {
                host: url.host,
                port: url.port,
                request,
                response: route.response.clone(),
                connections: u32::from(plan.run.connections.unwrap_or(DEFAULT_CONNECTIONS)),
                timeout: plan.run.timeout.unwrap_or(DEFAULT_TIMEOUT),
            };
            routes.push((route.name.as_ref().clone(), target));
        }
        Ok(Self {
            plan,
            cluster,
            routes,
            steps: plan.steps(),
        })
    }

    /// Prints what will happen, and asks for confirmation.
    ///
    /// # Errors
    /// If the answer is not yes, or there is no terminal to ask at.
    pub fn confirm(&self, yes: bool) -> Result<(), Failure> {
        eprintln!("context:     {}", self.cluster.context);
        eprintln!("namespace:   {}", self.cluster.namespace);
        for (name, target) in &self.routes {
            eprintln!("route:       {name}, {}", describe(target));
        }
        for deployment in &self.cluster.deployments {
            let (name, replicas) = (&deployment.name, deployment.replicas());
            eprintln!(
                "deployment:  {name}, {replicas} replicas of {}, next {}",
                deployment.image(),
                deployment.next_image()
            );
        }
        let rate = self.rate();
        eprintln!("load:        {rate} requests per second and route");
        for step in &self.steps {
            eprintln!(
                "scenario:    {}: {}",
                step.title(self.plan),
                step.scenario.description().happens
            );
        }
        if yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::Usage(anyhow!(
                "there is no terminal to ask for confirmation at: give --yes"
            )));
        }
        eprint!("Continue? [y/N] ");
        let mut answer = String::new();
        let read = std::io::stderr()
            .flush()
            .and_then(|()| std::io::stdin().read_line(&mut answer));
        read.map_err(|error| Failure::Usage(error.into()))?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::Usage(anyhow!("not confirmed: nothing was changed"))),
        }
    }

    /// Waits until every route has answered: losses of a route that never worked would prove nothing.
    ///
    /// # Errors
    /// If one does not answer, or not as planned.
    pub async fn first_answers(&self) -> Result<()> {
        let limit = FIRST_ANSWER_LIMIT.min(self.cluster.wait);
        for (name, target) in &self.routes {
            let quick = Target {
                timeout: target.timeout.min(limit),
                ..target.clone()
            };
            let client = Client::new(quick, SharedTally::new(Instant::now()))?;
            client.first_answer(limit).await.map_err(|loss| {
                anyhow!(
                    "the route {name:?} does not answer as planned, nothing was changed: {} ({}), {}. Is the address right, \
                     and what the plan expects of a response?",
                    loss.kind,
                    loss.detail,
                    describe(target)
                )
            })?;
        }
        Ok(())
    }

    /// Returns a report without scenarios.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn report(&self) -> Result<Report> {
        let nodes = self.cluster.schedulable_nodes().await.unwrap_or_default();
        Ok(Report {
            context: self.cluster.context.clone(),
            namespace: self.cluster.namespace.clone(),
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            rate: self.rate(),
            routes: self
                .routes
                .iter()
                .map(|(name, target)| RouteTarget {
                    name: name.clone(),
                    target: describe(target),
                })
                .collect(),
            deployments: build::deployments(self.cluster, nodes.len()),
            ..Report::default()
        })
    }

    /// Runs all scenarios. What was seen until an error, or until this future is dropped, is in the report. Restoring the
    /// cluster then is up to the caller.
    ///
    /// # Errors
    /// If the cluster cannot be restored after a scenario. A scenario that cannot be run is not an error: it is in the report.
    pub async fn play(&self, report: &mut Report) -> Result<()> {
        for (index, step) in self.steps.iter().enumerate() {
            eprintln!("{}/{} {}", index + 1, self.steps.len(), step.title(self.plan));
            self.play_step(step, report).await?;
        }
        Ok(())
    }

    async fn play_step(&self, step: &Step, report: &mut Report) -> Result<()> {
        let start = Instant::now();
        self.cluster.log.restart(start);
        let mut clients = Vec::new();
        for (name, target) in &self.routes {
            let client = Client::new(target.clone(), SharedTally::new(start))?;
            clients.push((name.as_str(), client));
        }
        let mut partial = Partial {
            run: self,
            step,
            start,
            took: None,
            clients: &clients,
            report,
            outcome: Err(anyhow!("interrupted")),
        };
        let (outcome, took) = self.send_during(self.scenario(step, start), &clients, start).await;
        (partial.outcome, partial.took) = (outcome, Some(took));
        let has_failed = partial.outcome.is_err();
        drop(partial);
        if has_failed {
            eprintln!("  the scenario could not be run; restoring");
        }
        self.cluster.restore().await
    }

    /// Makes it happen, and waits until the last pod that it ended is gone: that one, too, must lose nothing.
    async fn scenario(&self, step: &Step, start: Instant) -> Result<Vec<ExpectedUntil>> {
        let stage = Stage {
            cluster: self.cluster,
            routes: &self.plan.routes,
            settings: &self.plan.scenarios,
            targets: step
                .targets
                .iter()
                .map(|&target| &self.cluster.deployments[target])
                .collect(),
        };
        let played = step.scenario.play(&stage).await;
        let settled = match played.is_ok() {
            true => self.cluster.settled().await,
            false => Ok(()),
        };
        sleep_until(start + self.plan.run.duration.unwrap_or(DEFAULT_DURATION)).await;
        settled.and(played)
    }

    /// All clients send until something has happened. Returns its outcome and how long it took; later responses count too.
    async fn send_during<T>(
        &self,
        happens: impl Future<Output = T>,
        clients: &[(&str, Arc<Client>)],
        start: Instant,
    ) -> (T, Duration) {
        let (over, is_over) = watch::channel(false);
        let mut generators = JoinSet::new();
        for (_, client) in clients {
            let mut is_over = is_over.clone();
            let until = async move { is_over.wait_for(|over| *over).await.is_ok() };
            generators.spawn(generate(client.clone(), self.rate(), until));
        }
        let progress = show_progress(clients, start);
        let outcome = tokio::select! {
            outcome = happens => outcome,
            never = progress => never,
        };
        let took = start.elapsed();
        over.send_replace(true);
        while generators.join_next().await.is_some() {}
        (outcome, took)
    }

    fn rate(&self) -> u32 {
        self.plan.run.rate.unwrap_or(DEFAULT_RATE)
    }
}

/// A scenario that is running. Dropping it adds what was seen so far to the report, also when the run is interrupted.
struct Partial<'a> {
    run: &'a Run<'a>,
    step: &'a Step,
    start: Instant,
    /// How long it took. `None` if it is interrupted.
    took: Option<Duration>,
    clients: &'a [(&'a str, Arc<Client>)],
    report: &'a mut Report,
    outcome: Result<Vec<ExpectedUntil>>,
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        let (expected, failure) = match &self.outcome {
            Ok(expected) => (expected.as_slice(), None),
            Err(error) => (&[][..], Some(format!("{error:#}"))),
        };
        let collected = build::Collected {
            step: self.step,
            start: self.start,
            took: self.took.unwrap_or(self.start.elapsed()),
            events: self.run.cluster.log.events(),
            pods: self.run.cluster.pods.history(),
            expected,
            failure,
        };
        let shared: Vec<_> = self
            .clients
            .iter()
            .map(|(name, client)| (*name, client.tally().take()))
            .collect();
        let tallies: Vec<_> = shared.iter().map(|(name, tally)| (*name, tally)).collect();
        let scenario = build::scenario(self.run.plan, collected, &tallies);
        self.report.scenarios.push(scenario);
    }
}

/// Prints progress, and never ends.
async fn show_progress<T>(clients: &[(&str, Arc<Client>)], start: Instant) -> T {
    let mut tick = interval(PROGRESS_INTERVAL);
    tick.tick().await; // the first one is at once
    loop {
        tick.tick().await;
        let routes = clients.iter().map(|(name, client)| {
            client
                .tally()
                .with(|tally| format!("{name}: {} sent, {} lost", tally.sent, tally.lost()))
        });
        let routes = routes.collect::<Vec<_>>().join("   ");
        eprintln!("  {:>5.1} s  {routes}", start.elapsed().as_secs_f64());
    }
}

fn describe(target: &Target) -> String {
    let host = match target.host.contains(':') {
        true => format!("[{}]", target.host),
        false => target.host.clone(),
    };
    let request = &target.request;
    format!("{} http://{host}:{}{}", request.method, target.port, request.path)
}
