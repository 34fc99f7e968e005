//! The command line.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::{
    plan::{
        Plan,
        address::Url,
        deployment::{Deployment, Tool},
        route::Route,
    },
    report::output::Output,
    scenarios::Scenario,
};

/// The form of kubectl's own help: description, examples, options, usage.
const HELP: &str = "{about-with-newline}\n{before-help}Options:\n{options}\n\nUsage:\n  {usage}{after-help}";

const EXAMPLES: &str = "\
Examples:
  # Prove that rollouts, scaling and deleted pods of deployment/shop lose no request
  kubectl confidence --deployment shop --url http://shop.example.com/health

  # The same, with another image to roll out, 200 requests a second, and a report to show
  kubectl confidence --deployment shop --url http://shop.example.com/health \\
    --image shop=shop:v2 --rate 200 --output table --output html=report.html

  # Run what a plan describes; only two of its scenarios
  kubectl confidence --plan shop.toml --scenarios rollout,drain

  # Cut the power of a node of a kind cluster
  kubectl confidence --plan shop.toml --scenarios node \\
    --node-down 'docker kill {node}' --node-up 'docker start {node}'";

/// Send requests at a steady rate while things happen to a cluster, and report every request that is lost.
///
/// Half of the requests are sent on kept-alive connections and half on new ones. None is ever sent twice, and every response
/// is checked. Everything that a scenario changes is restored, also after Ctrl-C, SIGTERM or a failure.
///
/// By default only scenarios are run that touch nothing but the named Deployments. Others have to be named, by --scenarios or
/// in the plan: kill, drain, node, freeze, and the negative controls no-drain, no-prestop and always-ready.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "kubectl-confidence",
    bin_name = "kubectl confidence",
    version,
    help_template = HELP,
    before_help = EXAMPLES,
    after_help = "Exit codes: 0 nothing was lost, 1 requests were lost, 2 wrong usage, 3 a scenario could not be run,\n\
                  130 interrupted by Ctrl-C, 143 by SIGTERM.",
    override_usage = "kubectl confidence (--plan=FILE | --deployment=NAME... --url=URL) [options]",
    max_term_width = 120
)]
pub struct Settings {
    /// TOML file with routes, Deployments, images, scenarios and expected losses.
    #[arg(long, value_name = "FILE", required_unless_present = "deployments")]
    pub plan: Option<PathBuf>,

    /// A Deployment to test, without a plan. Can be repeated.
    #[arg(long = "deployment", value_name = "NAME", conflicts_with = "plan", requires = "urls")]
    pub deployments: Vec<String>,

    /// Where requests are sent. With a plan: ROUTE=URL, in place of the route's own address. Can be repeated.
    #[arg(long = "url", value_name = "[ROUTE=]URL")]
    pub urls: Vec<String>,

    /// Scenarios to run, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', hide_possible_values = false)]
    pub scenarios: Vec<Scenario>,

    /// How long a scenario takes at least. It ends when the last pod that it ended is gone. [default: 20s]
    #[arg(long, value_parser = humantime::parse_duration)]
    pub duration: Option<Duration>,

    /// Requests per second and route. [default: 50]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: Option<u32>,

    /// Connections that each route keeps alive; with 0, each request is sent on a new one. [default: 8]
    #[arg(long, value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub connections: Option<u16>,

    /// How long a response may take. A slow response is not a lost one. [default: 30s]
    #[arg(long, value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,

    /// How long the cluster may take for one step. [default: 3m]
    #[arg(long, value_parser = humantime::parse_duration)]
    pub wait: Option<Duration>,

    /// The image to roll out in a Deployment. Can be repeated.
    #[arg(long = "image", value_name = "DEPLOYMENT=IMAGE")]
    pub images: Vec<String>,

    /// The tag to roll out in every Deployment, of the image that is deployed.
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,

    /// How many rollouts the scenario "rollouts" makes. [default: 10]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rollouts: Option<u32>,

    /// The node that loses power in the scenario "node".
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,

    /// The command that cuts a node's power. {node} is its name. Known for kind, k3d and minikube.
    #[arg(long, value_name = "COMMAND", requires = "node_up")]
    pub node_down: Option<String>,

    /// The command that starts the node again.
    #[arg(long, value_name = "COMMAND", requires = "node_down")]
    pub node_up: Option<String>,

    /// The command that stops a node's kubelet in the scenario "freeze". [default: SIGSTOP, by a pod on the node]
    #[arg(long, value_name = "COMMAND", requires = "kubelet_start")]
    pub kubelet_stop: Option<String>,

    /// The command that starts the kubelet again.
    #[arg(long, value_name = "COMMAND", requires = "kubelet_stop")]
    pub kubelet_start: Option<String>,

    /// The image of the pods that kill and freeze need on a node. It must have a shell. [default: busybox]
    #[arg(long, value_name = "IMAGE")]
    pub tool_image: Option<String>,

    /// Output format: table, json or html; to FILE in place of standard output. Can be repeated. [default: table]
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

    /// The name of the kubeconfig context to use.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// The namespace of the Deployments and Services.
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,

    /// Path to the kubeconfig file.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
}

impl Settings {
    /// Returns the plan: the file's, or one made of --deployment and --url. Flags override it.
    ///
    /// # Errors
    /// If the plan or a flag is invalid.
    pub fn plan(&self) -> Result<Plan> {
        let mut plan = match &self.plan {
            Some(path) => Plan::read(path)?,
            None => self.quick_plan()?,
        };
        let run = &mut plan.run;
        if !self.scenarios.is_empty() {
            run.scenarios.clone_from(&self.scenarios);
        }
        run.duration = self.duration.or(run.duration);
        run.rate = self.rate.or(run.rate);
        run.connections = self.connections.or(run.connections);
        run.timeout = self.timeout.or(run.timeout);
        run.wait = self.wait.or(run.wait);
        let scenarios = &mut plan.scenarios;
        scenarios.rollouts.count = self.rollouts.unwrap_or(scenarios.rollouts.count);
        scenarios.node.name = self.node.clone().or(scenarios.node.name.take());
        if self.node_down.is_some() {
            scenarios.node.down.clone_from(&self.node_down);
            scenarios.node.up.clone_from(&self.node_up);
        }
        if self.kubelet_stop.is_some() {
            scenarios.freeze.stop.clone_from(&self.kubelet_stop);
            scenarios.freeze.start.clone_from(&self.kubelet_start);
        }
        if self.tool_image.is_some() {
            plan.tool = Tool {
                image: self.tool_image.clone(),
                image_of: None,
            };
        }
        self.override_images(&mut plan)?;
        if self.plan.is_some() {
            self.override_urls(&mut plan)?;
        }
        if plan.routes.is_empty() || plan.deployments.is_empty() {
            bail!("the plan needs at least one [[route]] and one [[deployment]]");
        }
        Ok(plan)
    }

    fn quick_plan(&self) -> Result<Plan> {
        let deployments = self.deployments.iter().map(|name| Deployment {
            name: unspanned(name.strip_prefix("deployment/").unwrap_or(name)),
            container: None,
            next_image: None,
            next_tag: None,
            shutdown: None,
        });
        let routes = self.urls.iter().map(|text| {
            let url: Url = text.parse()?;
            let mut route = Route {
                name: unspanned(text),
                url: None,
                service: None,
                port: None,
                request: Default::default(),
                response: Default::default(),
            };
            set_url(&mut route, url);
            Ok(route)
        });
        Ok(Plan {
            routes: routes.collect::<Result<_>>()?,
            deployments: deployments.collect(),
            ..Plan::default()
        })
    }

    fn override_images(&self, plan: &mut Plan) -> Result<()> {
        if let Some(tag) = &self.tag {
            for deployment in &mut plan.deployments {
                deployment.next_image = None;
                deployment.next_tag = Some(tag.clone());
            }
        }
        for text in &self.images {
            let (name, image) = text
                .split_once('=')
                .with_context(|| format!("--image {text}: expected DEPLOYMENT=IMAGE"))?;
            let deployment = plan
                .deployments
                .iter_mut()
                .find(|deployment| deployment.name.as_ref() == name)
                .with_context(|| format!("--image {text}: there is no deployment {name:?}"))?;
            deployment.next_image = Some(image.to_owned());
            deployment.next_tag = None;
        }
        Ok(())
    }

    fn override_urls(&self, plan: &mut Plan) -> Result<()> {
        for text in &self.urls {
            let (name, url) = text
                .split_once('=')
                .with_context(|| format!("--url {text}: with a plan, expected ROUTE=URL"))?;
            let route = plan
                .routes
                .iter_mut()
                .find(|route| route.name.as_ref() == name)
                .with_context(|| format!("--url {text}: there is no route {name:?}"))?;
            set_url(route, url.parse()?);
        }
        Ok(())
    }
}

/// Sends the route's requests to this URL: to its path too, if it has one.
fn set_url(route: &mut Route, url: Url) {
    if let Some(path) = &url.path {
        route.request.path.clone_from(path);
    }
    route.url = Some(url);
}

fn unspanned(text: &str) -> toml::Spanned<String> {
    toml::Spanned::new(0..0, text.to_owned())
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
        let plan = plan(&["--deployment", "shop", "--url", "http://[::1]:8080/health"]).unwrap();
        assert_eq!(plan.deployments[0].name.as_ref(), "shop");
        assert_eq!(plan.routes[0].request.path, "/health");
        assert_eq!(plan.routes[0].url.as_ref().unwrap().host, "::1");
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
            let deployment = plan
                .deployments
                .iter()
                .find(|deployment| deployment.name.as_ref() == name);
            let deployment = deployment.unwrap();
            (deployment.next_tag.clone(), deployment.next_image.clone())
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
            &["--plan", K8S_DEMO, "--deployment", "shop", "--url", "http://a"],
            &["--plan", K8S_DEMO, "--url", "http://a"],
            &["--plan", K8S_DEMO, "--url", "other=http://a"],
            &["--plan", K8S_DEMO, "--image", "other=a:b"],
            &["--plan", K8S_DEMO, "--node-down", "true"],
            &["--plan", K8S_DEMO, "--rate", "0"],
            &["--plan", K8S_DEMO, "--output", "yaml"],
            &["--plan", "no-such-file.toml"],
        ] {
            assert!(plan(arguments).is_err(), "{arguments:?}");
        }
    }
}
