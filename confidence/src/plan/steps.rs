//! The steps of a plan: which scenario is run, and on which workloads.

use clap::ValueEnum;

use super::{Plan, scenario::Scenario};

/// A scenario and the workloads that it is about: a row group of the report.
#[derive(Debug, Clone)]
pub struct Step {
    pub scenario: Scenario,
    /// Indices into the plan's workloads.
    pub targets: Vec<usize>,
}

impl Plan {
    /// Returns the steps, in order.
    pub fn steps(&self) -> Vec<Step> {
        let all: Vec<usize> = (0..self.workloads.len()).collect();
        let chosen: Vec<Scenario> = match self.run.scenarios.is_empty() {
            false => self.run.scenarios.clone(),
            true => Scenario::value_variants()
                .iter()
                .copied()
                .filter(|scenario| scenario.is_default() && (all.len() > 1 || *scenario != Scenario::RolloutTogether))
                .collect(),
        };
        let steps = |scenario| match scenario {
            Scenario::Rollout => all
                .iter()
                .map(|&target| Step {
                    scenario,
                    targets: vec![target],
                })
                .collect(),
            _ => vec![Step {
                scenario,
                targets: all.clone(),
            }],
        };
        chosen.into_iter().flat_map(steps).collect()
    }
}

impl Step {
    /// Returns what happens, in a few words for the table.
    pub fn title(&self, plan: &Plan) -> String {
        let name = self.scenario.name();
        match (self.scenario, self.targets.as_slice()) {
            (Scenario::Rollout, &[target]) => format!("{name} {}", plan.workloads[target].name.as_ref()),
            (Scenario::Rollouts, _) => format!("{} {name}", plan.scenarios.rollouts.count),
            (Scenario::Scale, _) => {
                let replicas = plan.scenarios.scale.replicas.iter().map(u32::to_string);
                format!("{name} to {}", replicas.collect::<Vec<_>>().join(", "))
            }
            (Scenario::Steady, _) if plan.is_load => "load".to_owned(),
            _ => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "[[route]]\nname = \"r\"\nurl = \"http://h\"\n[[deployment]]\nname = \"a\"\n";

    #[test]
    fn by_default_only_the_workloads_are_touched() {
        let plan = Plan::parse(PLAN).unwrap();
        let steps = plan.steps();
        assert!(steps.iter().all(|step| step.scenario.is_default()));
        let names: Vec<_> = steps.iter().map(|step| step.scenario.name()).collect();
        for name in [
            "kill",
            "canary",
            "blue-green",
            "drain",
            "node",
            "freeze",
            "no-drain",
            "no-prestop",
            "always-ready",
            "rollout-together",
        ] {
            assert!(!names.contains(&name.to_owned()), "{name}");
        }
        for name in [
            "steady",
            "rollout",
            "rollouts",
            "scale-to-one",
            "broken-release",
            "crash-loop",
            "missing-image",
        ] {
            assert!(names.contains(&name.to_owned()), "{name}");
        }
    }

    #[test]
    fn the_plan_of_the_demo_leaves_the_pods_of_others_alone() {
        let plan = Plan::parse(include_str!("../../k8s-demo.toml")).unwrap();
        let affect_others = [Scenario::Node, Scenario::Freeze];
        assert!(plan.steps().iter().all(|step| !affect_others.contains(&step.scenario)));
    }

    #[test]
    fn each_workload_has_a_rollout_of_its_own() {
        let plan = Plan::parse(&format!("{PLAN}[[deployment]]\nname = \"b\"\n")).unwrap();
        let titles: Vec<_> = plan.steps().iter().map(|step| step.title(&plan)).collect();
        assert_eq!(titles[..4], ["steady", "rollout a", "rollout b", "rollout-together"]);
    }
}
