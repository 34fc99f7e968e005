//! The versions of a timeline, each with a colour.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::{PodReport, ScenarioReport};

/// Colours that tell versions apart. More versions share the last one.
const COLOURS: usize = 6;

/// The versions of a scenario, each with a colour: those that responses name, then those of the pods.
pub struct Versions {
    pub names: Vec<String>,
    /// Tags that several releases of a workload have: the same image was rolled out again.
    ambiguous: BTreeSet<String>,
}

impl Versions {
    pub fn of(scenario: &ScenarioReport) -> Self {
        let mut releases = BTreeMap::<(&str, &str), BTreeSet<&str>>::new();
        for pod in &scenario.pods {
            releases
                .entry((&pod.workload, tag(pod)))
                .or_default()
                .insert(&pod.release);
        }
        let ambiguous = releases.into_iter().filter(|(_, releases)| releases.len() > 1);
        let responded: BTreeSet<_> = scenario.routes.iter().flat_map(|route| route.versions.keys()).collect();
        let mut versions = Self {
            names: responded.into_iter().cloned().collect(),
            ambiguous: ambiguous.map(|((_, tag), _)| tag.to_owned()).collect(),
        };
        if versions.names.is_empty() {
            versions.names.push(String::new());
        }
        for pod in &scenario.pods {
            let name = versions.of_pod(pod);
            if !versions.names.contains(&name) {
                versions.names.push(name);
            }
        }
        versions
    }

    /// Returns the version of a pod: the tag of its image, with the release where the tag does not tell releases apart.
    pub fn of_pod(&self, pod: &PodReport) -> String {
        match self.ambiguous.contains(tag(pod)) {
            true => format!("{} ({})", tag(pod), pod.release),
            false => tag(pod).to_owned(),
        }
    }

    pub fn class(&self, version: &str) -> String {
        let index = self.names.iter().position(|known| known == version).unwrap_or(0);
        format!("c{}", index.min(COLOURS - 1))
    }
}

/// Returns the tag of a pod's image, or the end of its name.
fn tag(pod: &PodReport) -> &str {
    let name = pod.image.rsplit('/').next().unwrap_or_default();
    name.split_once(':').map_or(name, |(_, tag)| tag)
}
