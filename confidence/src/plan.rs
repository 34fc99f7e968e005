//! The plan: a TOML file that says what is tested, and how.
//!
//! It is parsed strictly. An error names the line, and what is allowed there.
//!
//! * [`route`], [`address`]: where requests are sent
//! * [`run`]: which scenarios are run, and at which rate requests are sent
//! * [`workload`]: what is changed, and the image of the pods that `kill` and `freeze` need
//! * [`scenario`]: the table of scenarios
//! * [`settings`]: the settings of single scenarios
//! * [`steps`]: what is run, in order

pub mod address;
pub mod route;
pub mod run;
pub mod scenario;
pub mod settings;
pub mod steps;
mod values;
pub mod workload;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use toml::Spanned;

use self::{
    route::Route,
    run::RunSettings,
    scenario::Scenario,
    settings::ScenarioSettings,
    workload::{Kind, Tool, WorkloadSettings},
};

/// A whole plan.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plan {
    /// The routes on which requests are sent.
    #[serde(default, rename = "route")]
    pub routes: Vec<Route>,
    /// The workloads that are changed.
    #[serde(default, rename = "deployment", alias = "workload")]
    pub workloads: Vec<WorkloadSettings>,
    #[serde(default)]
    pub run: RunSettings,
    /// Settings of single scenarios.
    #[serde(default, rename = "scenario")]
    pub scenarios: ScenarioSettings,
    /// Losses that are expected.
    #[serde(default, rename = "expected-loss")]
    pub expected_losses: Vec<ExpectedLoss>,
    /// The image of the pods that `kill` and `freeze` need on a node.
    #[serde(default)]
    pub tool: Tool,
    /// Nothing happens but load.
    #[serde(skip)]
    pub is_load: bool,
}

/// Losses that are expected, and do not count.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedLoss {
    /// In this scenario,
    pub scenario: Scenario,
    /// on this route,
    pub route: Spanned<String>,
    /// for this reason. It is in the report.
    pub reason: String,
}

impl Plan {
    /// Reads and parses a plan.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the plan {name}"))?;
        Self::parse(&text).with_context(|| format!("{name} is not a valid plan"))
    }

    /// Parses a plan.
    pub fn parse(text: &str) -> Result<Self> {
        let plan: Self = toml::from_str(text)?;
        plan.check().map_err(|(span, message)| {
            let line = text[..span.start].lines().count().max(1);
            anyhow!("line {line}: {message}")
        })?;
        Ok(plan)
    }

    /// Checks what refers to something else in the plan.
    fn check(&self) -> Result<(), (Range<usize>, String)> {
        let routes = unique("route", self.routes.iter().map(|route| &route.name))?;
        let workloads = unique("deployment", self.workloads.iter().map(|workload| &workload.name))?;
        let must_be_one_of = |names: &BTreeSet<&str>, kind: &str, name: &Spanned<String>| {
            if names.contains(name.as_ref().as_str()) {
                return Ok(());
            }
            let known: Vec<_> = names.iter().copied().collect();
            Err((
                name.span(),
                format!(
                    "there is no {kind} {:?}, expected one of: {}",
                    name.as_ref(),
                    known.join(", ")
                ),
            ))
        };
        for expected in &self.expected_losses {
            must_be_one_of(&routes, "route", &expected.route)?;
        }
        let scenarios = &self.scenarios;
        let changed = [&scenarios.crash_loop, &scenarios.no_drain, &scenarios.always_ready];
        let named = changed.into_iter().flat_map(BTreeMap::keys);
        let named = named.chain(&scenarios.kill.deployments).chain(&self.tool.image_of);
        for name in named {
            must_be_one_of(&workloads, "deployment", name)?;
        }
        for route in &self.routes {
            if route.url.is_none() && route.service.is_none() {
                let message = "a route needs `url` or `service`".to_owned();
                return Err((route.name.span(), message));
            }
        }
        for workload in &self.workloads {
            Kind::split(workload.name.as_ref()).map_err(|error| (workload.name.span(), error.to_string()))?;
            if workload.next_image.is_some() && workload.next_tag.is_some() {
                let message = "a deployment has `next-image` or `next-tag`, not both".to_owned();
                return Err((workload.name.span(), message));
            }
        }
        Ok(())
    }

    /// Returns why losses of a scenario are expected on a route, if they are.
    pub fn expected_loss(&self, scenario: Scenario, route: &str) -> Option<&str> {
        self.expected_losses
            .iter()
            .find(|expected| expected.scenario == scenario && expected.route.as_ref() == route)
            .map(|expected| expected.reason.as_str())
    }
}

fn unique<'a>(
    kind: &str,
    names: impl Iterator<Item = &'a Spanned<String>>,
) -> Result<BTreeSet<&'a str>, (Range<usize>, String)> {
    let mut known = BTreeSet::new();
    for name in names {
        if !known.insert(name.as_ref().as_str()) {
            return Err((name.span(), format!("there are two {kind}s {:?}", name.as_ref())));
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = r#"
[[route]]
name = "direct"
url = "http://[::1]:8000"

[[deployment]]
name = "shop"
"#;

    fn error(text: &str) -> String {
        format!("{:#}", Plan::parse(text).expect_err("this plan is invalid"))
    }

    #[test]
    fn the_plan_of_this_application_and_the_examples_are_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut plans = vec![folder.join("k8s-demo.toml")];
        for entry in std::fs::read_dir(folder.join("examples")).into_iter().flatten() {
            let path = entry.unwrap().path();
            plans.extend(path.extension().is_some_and(|kind| kind == "toml").then_some(path));
        }
        for path in plans {
            Plan::read(&path).unwrap();
        }
    }

    #[test]
    fn the_plan_in_the_readme_is_valid() {
        let readme = include_str!("../README.md");
        let (_, plan) = readme.split_once("```toml\n").unwrap();
        let (plan, _) = plan.split_once("```").unwrap();
        Plan::parse(plan).unwrap();
    }

    #[test]
    fn a_minimal_plan_has_defaults() {
        let plan = Plan::parse(MINIMAL).unwrap();
        assert_eq!(plan.routes[0].request.path, "/");
        assert_eq!(plan.scenarios.scale.replicas, [5, 1, 2]);
        assert_eq!(plan.routes[0].url.as_ref().unwrap().to_string(), "http://[::1]:8000");
    }

    #[test]
    fn an_unknown_key_is_rejected_with_its_line_and_what_is_allowed() {
        let error = error(&MINIMAL.replace("url =", "uri ="));
        assert!(error.contains("line 4"), "{error}");
        assert!(error.contains("`uri`") && error.contains("`url`"), "{error}");
    }

    #[test]
    fn an_invalid_value_is_rejected_with_its_line() {
        for (text, line, allowed) in [
            ("[run]\nduration = \"20 parsecs\"\n", "line 2", "20s"),
            ("[run]\n\nrate = 0\n", "line 3", "1 to 10000"),
            ("[run]\nscenarios = [\"sterdy\"]\n", "line 2", "steady"),
            (
                "[[route]]\nname = \"a\"\nurl = \"ftp://a\"\n",
                "line 3",
                "http://localhost",
            ),
            ("[[deployment]]\nname = \"rollout/a\"\n", "line 2", "StatefulSets"),
            (
                "[[route]]\nname = \"a\"\nservice = \"a\"\nresponse = { pod = \"pod\" }\n",
                "line 4",
                "JSON pointer",
            ),
        ] {
            let error = error(text);
            assert!(error.contains(line) && error.contains(allowed), "{text}: {error}");
        }
    }

    #[test]
    fn a_reference_to_nothing_is_rejected_with_its_line_and_what_there_is() {
        for added in [
            "[[expected-loss]]\nscenario = \"kill\"\nroute = \"other\"\nreason = \"\"\n",
            "\n\n[scenario.no-drain.other]\nenv = { A = \"0s\" }\n",
            "\n[tool]\n\nimage-of = \"other\"\n",
        ] {
            let error = error(&format!("{MINIMAL}{added}"));
            let there_is = ["direct", "shop"].iter().any(|name| error.contains(name));
            assert!(error.contains("line 10") || error.contains("line 11"), "{error}");
            assert!(error.contains("\"other\"") && there_is, "{error}");
        }
        assert!(error(&format!("{MINIMAL}[[deployment]]\nname = \"shop\"\n")).contains("two deployments"));
        assert!(error("[[route]]\nname = \"a\"\n").contains("`url` or `service`"));
    }
}
