//! The releases that scenarios roll out: how a pod template differs from the running one.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::workload::Workload;
use crate::plan::{
    scenario::Release,
    settings::{Change, Changes, ScenarioSettings},
};

/// The annotation of the releases of this program.
pub const RELEASE: &str = "kubectl-confidence/release";

/// The annotation of `kubectl rollout restart`.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// A tag that nobody uses. The repository is the workload's own: no stranger's image is pulled.
const NO_SUCH_TAG: &str = "kubectl-confidence-no-such-tag";

impl Release {
    /// Returns what is special about it, for a sentence.
    pub fn describe(self, workload: &Workload) -> String {
        match self {
            Self::Next => workload.next_image().to_owned(),
            Self::Restarted => "the same image again".to_owned(),
            Self::NeverReady => "a release with a readiness probe that fails".to_owned(),
            Self::Crashing => "a release with a process that crashes".to_owned(),
            Self::MissingImage => "a release with an image that does not exist".to_owned(),
            Self::NoDrain => "a release with no drain".to_owned(),
            Self::NoPreStop => "a release with no preStop".to_owned(),
            Self::AlwaysReady => "a release with a fault and no probes".to_owned(),
        }
    }

    /// Returns its pod template. `None` if it does not change this workload.
    pub fn template(self, workload: &Workload, settings: &ScenarioSettings) -> Option<Value> {
        let name = format!("{self:?}");
        let annotation = Some((RELEASE, name.as_str()));
        let template = |change: &dyn Fn(&mut Value)| Some(workload.template(annotation, change));
        match self {
            Self::Next => template(&|container| container["image"] = json!(workload.next_image())),
            Self::Restarted => {
                let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
                Some(workload.template(Some((RESTARTED_AT, &now)), |_| ()))
            }
            Self::NeverReady => template(&|container| {
                container["readinessProbe"] = json!({"tcpSocket": {"port": 1}, "periodSeconds": 1});
            }),
            Self::Crashing => template(&|container| match find(&settings.crash_loop, workload) {
                Some(change) => apply(change, container),
                None => container["command"] = json!(["/no-such-program"]),
            }),
            Self::MissingImage => {
                template(&|container| container["image"] = json!(with_tag(workload.image(), NO_SUCH_TAG)))
            }
            Self::NoDrain => {
                let change = find(&settings.no_drain, workload)?;
                template(&|container| apply(change, container))
            }
            Self::NoPreStop => {
                workload.container().lifecycle.as_ref()?.pre_stop.as_ref()?;
                template(&|container| container["lifecycle"]["preStop"] = Value::Null)
            }
            Self::AlwaysReady => {
                let change = find(&settings.always_ready, workload)?;
                template(&|container| {
                    apply(change, container);
                    for probe in ["readinessProbe", "startupProbe", "livenessProbe"] {
                        container[probe] = Value::Null;
                    }
                })
            }
        }
    }

    /// Checks that the plan or the workloads have what it changes.
    pub fn check(self, workloads: &[&Workload], settings: &ScenarioSettings) -> Result<()> {
        let is_possible = workloads
            .iter()
            .any(|workload| self.template(workload, settings).is_some());
        ensure!(
            is_possible,
            match self {
                Self::NoDrain =>
                    "the plan has no [scenario.no-drain.DEPLOYMENT] that says how the drain is switched off",
                Self::AlwaysReady =>
                    "the plan has no [scenario.always-ready.DEPLOYMENT] that says how the release is broken",
                _ => "no workload has a preStop hook that could be removed",
            }
        );
        Ok(())
    }
}

fn find<'a>(changes: &'a Changes, workload: &Workload) -> Option<&'a Change> {
    let is_named = |name: &str| name == workload.name || name == workload.reference();
    changes
        .iter()
        .find(|(name, _)| is_named(name.as_ref()))
        .map(|(_, change)| change)
}

/// Applies a plan's change to a container.
fn apply(change: &Change, container: &mut Value) {
    let variables = container["env"].as_array().cloned().unwrap_or_default();
    let is_kept = |variable: &Value| {
        let name = variable["name"].as_str();
        name.is_none_or(|name| !change.env.contains_key(name))
    };
    let mut variables: Vec<_> = variables.into_iter().filter(is_kept).collect();
    variables.extend(
        change
            .env
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value})),
    );
    if !change.env.is_empty() {
        container["env"] = Value::Array(variables);
    }
    for (key, words) in [("command", &change.command), ("args", &change.args)] {
        if let Some(words) = words {
            container[key] = json!(words);
        }
    }
    if let Some(image) = &change.image {
        container["image"] = json!(image);
    }
}

/// Returns the same image with another tag. A registry's port and a digest are not tags.
pub fn with_tag(image: &str, tag: &str) -> String {
    let image = image.split_once('@').map_or(image, |(image, _digest)| image);
    let name = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    };
    format!("{name}:{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_an_image_is_replaced_and_nothing_else() {
        for (image, next) in [
            ("shop", "shop:v2"),
            ("shop:v1", "shop:v2"),
            ("host:5000/me/shop", "host:5000/me/shop:v2"),
            ("host:5000/me/shop:v1", "host:5000/me/shop:v2"),
            ("shop:v1@sha256:00", "shop:v2"),
        ] {
            assert_eq!(with_tag(image, "v2"), next);
        }
    }

    #[test]
    fn a_change_sets_variables_and_keeps_the_others() {
        let mut container = json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]});
        let change = Change {
            env: [("B".to_owned(), "3".to_owned())].into(),
            args: Some(vec!["--flag".to_owned()]),
            ..Change::default()
        };
        apply(&change, &mut container);
        assert_eq!(
            container,
            json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}], "args": ["--flag"]})
        );
    }
}
