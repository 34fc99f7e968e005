//! The command line.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};

use crate::{
    cluster::Access,
    plan::{Plan, route::Route, run::RunSettings, scenario::Scenario, workload::WorkloadSettings},
    report::output::Output,
};

/// The form of kubectl's own help: description, examples, options, usage.
const HELP: &str = "{about-with-newline}\n{before-help}Options:\n{options}\n\nUsage:\n  {usage}{after-help}";

const EXAMPLES: &str = "\
Examples:
  # Check that rollouts, scaling and deleted pods of deployment/shop lose no request
  kubectl confidence --deployment shop --url https://shop.example.com/health

  # The same, with another image to roll out, 200 requests a second, and a report to show
  kubectl confidence --deployment shop --url https://shop.example.com/health \\
    --image shop=shop:v2 --rate 200 --output table --output html=report.html

  # Run what a plan describes; only two of its scenarios
  kubectl confidence --plan shop.toml --scenarios rollout,drain

  # Nothing but load, to see an autoscaler work
  kubectl confidence load --plan shop.toml --rate 2000 --duration 5m";

/// How long load lasts by default.
const LOAD_DURATION: Duration = Duration::from_secs(60);

/// Send requests at a steady rate while things happen to a cluster, and report every request that is lost.
///
/// Half of the requests are sent on kept-alive connections and half on new ones. None is ever sent twice, and every response
/// is checked. Everything that a scenario changes is restored, also after Ctrl-C, SIGTERM or a failure.
///
/// By default only scenarios are run that touch nothing but the named workloads. Others have to be named, by --scenarios or
/// in the plan: canary, blue-green, kill, drain, node, freeze, and the negative controls no-drain, no-prestop and always-ready.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "kubectl-confidence",
    bin_name = "kubectl confidence",
    version,
    help_template = HELP,
    before_help = EXAMPLES,
    after_help = "Exit codes: 0 nothing was lost, 1 requests were lost or too slow, 2 wrong usage, 3 a scenario could not be\n\
                  run, 130 interrupted by Ctrl-C, 143 by SIGTERM.",
    override_usage = "kubectl confidence [load|version] (--plan=FILE | --deployment=NAME... --url=URL) [options]",
    max_term_width = 120
)]
pub struct Settings {
    /// Only send requests for a while, or only print the version.
    #[arg(value_enum, hide = true)]
    pub command: Option<Command>,

    /// TOML file with routes, workloads, images, scenarios and expected losses.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["workloads", "command"])]
    pub plan: Option<PathBuf>,

    /// A workload to test, without a plan: a Deployment, statefulset/NAME or daemonset/NAME. Can be repeated.
    #[arg(long = "deployment", value_name = "NAME", conflicts_with = "plan", requires = "urls")]
    pub workloads: Vec<String>,

    /// Where requests are sent. With a plan: ROUTE=URL, in place of the route's own address. Can be repeated.
    #[arg(long = "url", value_name = "[ROUTE=]URL")]
    pub urls: Vec<String>,

    #[command(flatten)]
    pub run: RunSettings,

    /// The image to roll out in a workload. Can be repeated.
    #[arg(long = "image", value_name = "DEPLOYMENT=IMAGE")]
    pub images: Vec<String>,

    /// The tag to roll out in every workload, of the image that is deployed.
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,

    /// How many rollouts the scenario "rollouts" makes. [default: 10]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rollouts: Option<u32>,

    /// Output format: table, markdown, json, junit or html; to FILE in place of standard output. Can be repeated.
    /// [default: table]
    #[arg(
        short,
        long,
        value_name = "FORMAT[=FILE]",
        default_value = "table",
        hide_default_value = true
    )]
    pub output: Vec<Output>,

    /// Do not ask for confirmation.
    #[arg(short, long)]
    pub yes: bool,

    #[command(flatten)]
    pub access: Access,
}

/// What is done in place of scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Command {
    Load,
    Version,
    /// What a pod in the cluster does.
    Generate,
}

impl Settings {
    /// Returns the plan: the file's, or one made of --deployment and --url. Flags override it.
    pub fn plan(&self) -> Result<Plan> {
        let mut plan = match &self.plan {
            Some(path) => Plan::read(path)?,
            None => self.quick_plan()?,
        };
        plan.is_load = self.command == Some(Command::Load);
        let mut flags = self.run.clone();
        if plan.is_load {
            flags.scenarios = vec![Scenario::Steady];
            flags.duration = flags.duration.or(Some(LOAD_DURATION));
        }
        plan.run = flags.or(plan.run);
        let rollouts = &mut plan.scenarios.rollouts;
        rollouts.count = self.rollouts.unwrap_or(rollouts.count);
        self.override_images(&mut plan)?;
        if self.plan.is_some() {
            self.override_urls(&mut plan)?;
        }
        if plan.routes.is_empty() || (plan.workloads.is_empty() && !plan.is_load) {
            bail!("the plan needs at least one [[route]] and one [[deployment]]");
        }
        Ok(plan)
    }

    fn quick_plan(&self) -> Result<Plan> {
        let routes = self.urls.iter().map(|text| Ok(Route::to(text.parse()?)));
        let workloads = self.workloads.iter().map(|name| WorkloadSettings::named(name));
        Ok(Plan {
            routes: routes.collect::<Result<_>>()?,
            workloads: workloads.collect::<Result<_>>()?,
            ..Plan::default()
        })
    }

    fn override_images(&self, plan: &mut Plan) -> Result<()> {
        if let Some(tag) = &self.tag {
            for workload in &mut plan.workloads {
                workload.next_image = None;
                workload.next_tag = Some(tag.clone());
            }
        }
        for text in &self.images {
            let (name, image) = text
                .split_once('=')
                .with_context(|| format!("--image {text}: expected DEPLOYMENT=IMAGE"))?;
            let mut workloads = plan.workloads.iter_mut();
            let workload = workloads
                .find(|workload| workload.name.as_ref() == name)
                .with_context(|| format!("--image {text}: there is no deployment {name:?}"))?;
            workload.next_image = Some(image.to_owned());
            workload.next_tag = None;
        }
        Ok(())
    }

    fn override_urls(&self, plan: &mut Plan) -> Result<()> {
        for text in &self.urls {
            let (name, url) = text
                .split_once('=')
                .with_context(|| format!("--url {text}: with a plan, expected ROUTE=URL"))?;
            let mut routes = plan.routes.iter_mut();
            let route = routes
                .find(|route| route.name.as_ref() == name)
                .with_context(|| format!("--url {text}: there is no route {name:?}"))?;
            route.set_url(url.parse()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arguments: &[&str]) -> Result<Plan> {
        let arguments = [&["kubectl-confidence"], arguments].concat();
        Settings::try_parse_from(arguments)?.plan()
    }

    const K8S_DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/k8s-demo.toml");

    #[test]
    fn a_deployment_and_a_url_need_no_plan() {
        let plan = plan(&["--deployment", "deploy/shop", "--url", "http://[::1]:8080/health"]).unwrap();
        assert_eq!(plan.workloads[0].name.as_ref(), "shop");
        assert_eq!(plan.routes[0].request.path, "/health");
        assert_eq!(plan.routes[0].url.as_ref().unwrap().host, "::1");
    }

    #[test]
    fn load_is_one_scenario_that_ends() {
        let plan = plan(&["load", "--plan", K8S_DEMO, "--rate", "2000"]).unwrap();
        assert_eq!((plan.run.rate, plan.run.duration), (Some(2000), Some(LOAD_DURATION)));
        assert_eq!(plan.run.scenarios, [Scenario::Steady]);
    }

    #[test]
    fn flags_override_the_plan() {
        let flags = ["--plan", K8S_DEMO, "--rollouts", "2", "--duration", "5s", "--tag", "v3"];
        let more = [
            "--image",
            "k8s-demo-frontend=web:v4",
            "--url",
            "direct=http://localhost:1",
        ];
        let plan = plan(&[&flags[..], &more[..]].concat()).unwrap();
        assert_eq!(plan.scenarios.rollouts.count, 2);
        assert_eq!(plan.run.duration, Some(Duration::from_secs(5)));
        let next = |name: &str| {
            let mut workloads = plan.workloads.iter();
            let workload = workloads.find(|workload| workload.name.as_ref() == name).unwrap();
            (workload.next_tag.clone(), workload.next_image.clone())
        };
        assert_eq!(next("k8s-demo-backend"), (Some("v3".to_owned()), None));
        assert_eq!(next("k8s-demo-frontend"), (None, Some("web:v4".to_owned())));
        let direct = plan
            .routes
            .iter()
            .find(|route| route.name.as_ref() == "direct")
            .unwrap();
        assert_eq!(direct.url.as_ref().unwrap().to_string(), "http://localhost:1");
        assert_ne!(direct.request.path, "/");
    }

    #[test]
    fn wrong_usage_is_rejected() {
        for arguments in [
            &[][..],
            &["--deployment", "shop"],
            &["--deployment", "rollout/shop", "--url", "http://a"],
            &["--plan", K8S_DEMO, "--deployment", "shop", "--url", "http://a"],
            &["--plan", K8S_DEMO, "--url", "http://a"],
            &["--plan", K8S_DEMO, "--url", "other=http://a"],
            &["--plan", K8S_DEMO, "--image", "other=a:b"],
            &["--plan", K8S_DEMO, "--rate", "0"],
            &["--plan", K8S_DEMO, "--output", "yaml"],
            &["--plan", "no-such-file.toml"],
        ] {
            assert!(plan(arguments).is_err(), "{arguments:?}");
        }
    }
}
