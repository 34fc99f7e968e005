//! One Deployment as it was found, and changes to it.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::kubectl::Kubectl;
use crate::plan::{deployment::Deployment as Wanted, scenario_settings::Change};

/// The annotation that makes a new release of the same image, as `kubectl rollout restart` does.
const RELEASE: &str = "kubectl-confidence/release";

/// The fields of a Deployment's spec that scenarios change.
const CHANGED: [&str; 3] = ["replicas", "template", "progressDeadlineSeconds"];

/// A Deployment, with the snapshot of all that scenarios change.
#[derive(Debug)]
pub struct Deployment {
    /// Its name.
    pub name: String,
    /// Its label selector, in kubectl's notation.
    pub selector: String,
    /// Its spec, as it was found.
    pub spec: Value,
    /// Index of the container that scenarios change.
    container: usize,
    next_image: Option<String>,
    /// How long the application may take to end after SIGTERM, if the plan says so.
    pub shutdown: Option<Duration>,
}

impl Deployment {
    /// Takes the snapshot of a Deployment.
    ///
    /// # Errors
    /// If the cluster does not have it, or it lacks the container that the plan names.
    pub async fn find(kubectl: &Kubectl, wanted: &Wanted) -> Result<Self> {
        let object = kubectl.get(&["deployment", wanted.name.as_ref()]).await?;
        Self::from_object(&object, wanted)
    }

    /// Takes the snapshot of a Deployment that kubectl has printed.
    ///
    /// # Errors
    /// If it lacks the container that the plan names.
    pub fn from_object(object: &Value, wanted: &Wanted) -> Result<Self> {
        let name = wanted.name.as_ref();
        let spec = object["spec"].clone();
        let containers = spec["template"]["spec"]["containers"].as_array();
        let containers = containers.map(Vec::as_slice).unwrap_or_default();
        let container = match &wanted.container {
            None => 0,
            Some(container) => containers
                .iter()
                .position(|found| found["name"] == container.as_str())
                .with_context(|| format!("deployment/{name} has no container {container:?}"))?,
        };
        let image = containers
            .get(container)
            .and_then(|container| container["image"].as_str())
            .with_context(|| format!("deployment/{name} has no container"))?;
        let tagged = wanted.next_tag.as_deref().map(|tag| with_tag(image, tag));
        Ok(Self {
            name: name.clone(),
            selector: selector(&spec["selector"]),
            container,
            next_image: wanted.next_image.clone().or(tagged),
            shutdown: wanted.shutdown,
            spec,
        })
    }

    /// Returns `deployment/NAME`.
    pub fn reference(&self) -> String {
        format!("deployment/{}", self.name)
    }

    /// Returns the number of replicas, as it was found.
    pub fn replicas(&self) -> u64 {
        self.spec["replicas"].as_u64().unwrap_or(1)
    }

    /// Returns the pod template's spec, as it was found.
    pub fn pod(&self) -> &Value {
        &self.spec["template"]["spec"]
    }

    /// Returns the container that scenarios change, as it was found.
    pub fn container(&self) -> &Value {
        &self.pod()["containers"][self.container]
    }

    /// Returns the name of that container.
    pub fn container_name(&self) -> &str {
        self.container()["name"].as_str().unwrap_or_default()
    }

    /// Returns its image, as it was found.
    pub fn image(&self) -> &str {
        self.container()["image"].as_str().unwrap_or_default()
    }

    /// Returns the image to roll out.
    pub fn next_image(&self) -> &str {
        self.next_image.as_deref().unwrap_or(self.image())
    }

    /// Rolls out the next image. Where it is the same image, a new release of it.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn roll_out_next(&self, kubectl: &Kubectl) -> Result<()> {
        let mut template = self.spec["template"].clone();
        template["spec"]["containers"][self.container]["image"] = json!(self.next_image());
        if self.next_image() == self.image() {
            annotate(&mut template, "next");
        }
        self.set_template(kubectl, template).await
    }

    /// Rolls out the snapshot's pod template with a change to the container.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn roll_out_changed(
        &self,
        kubectl: &Kubectl,
        release: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<()> {
        let mut template = self.spec["template"].clone();
        annotate(&mut template, release);
        change(&mut template["spec"]["containers"][self.container]);
        self.set_template(kubectl, template).await
    }

    /// Rolls out the pod template of the snapshot.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn roll_back(&self, kubectl: &Kubectl) -> Result<()> {
        self.set_template(kubectl, self.spec["template"].clone()).await
    }

    /// Sets how long a rollout may make no progress before Kubernetes reports that it is stuck.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn set_progress_deadline(&self, kubectl: &Kubectl, seconds: u64) -> Result<()> {
        let patch = json!({"spec": {"progressDeadlineSeconds": seconds}}).to_string();
        kubectl.run(&["patch", &self.reference(), "--patch", &patch]).await?;
        Ok(())
    }

    /// Sets the number of replicas.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn scale(&self, kubectl: &Kubectl, replicas: u64) -> Result<()> {
        let replicas = format!("--replicas={replicas}");
        kubectl.run(&["scale", &self.reference(), &replicas]).await?;
        Ok(())
    }

    /// Restores every field that scenarios change, unless all are as in the snapshot.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn restore(&self, kubectl: &Kubectl) -> Result<()> {
        let now = kubectl.get(&[&self.reference()]).await?;
        if CHANGED.iter().all(|field| now["spec"][field] == self.spec[field]) {
            return Ok(());
        }
        let patch = self.restoring_patch();
        kubectl
            .run(&["patch", &self.reference(), "--type=json", "--patch", &patch])
            .await?;
        Ok(())
    }

    /// Returns the command that restores it, for a person to type.
    pub fn restore_command(&self, kubectl: &Kubectl) -> String {
        let patch = self.restoring_patch();
        kubectl.command_line(&["patch", &self.reference(), "--type=json", "--patch", &patch])
    }

    fn restoring_patch(&self) -> String {
        let restored = CHANGED.iter().filter(|field| !self.spec[**field].is_null());
        restored
            .map(|field| json!({"op": "add", "path": format!("/spec/{field}"), "value": self.spec[field]}))
            .collect::<Value>()
            .to_string()
    }

    async fn set_template(&self, kubectl: &Kubectl, template: Value) -> Result<()> {
        let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]).to_string();
        kubectl
            .run(&["patch", &self.reference(), "--type=json", "--patch", &patch])
            .await?;
        Ok(())
    }
}

/// Applies a plan's change to a container.
pub fn apply(change: &Change, container: &mut Value) {
    let variables = container["env"].as_array().cloned().unwrap_or_default();
    let mut variables: Vec<_> = variables
        .into_iter()
        .filter(|variable| {
            variable["name"]
                .as_str()
                .is_none_or(|name| !change.env.contains_key(name))
        })
        .collect();
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

fn annotate(template: &mut Value, release: &str) {
    if !template["metadata"]["annotations"].is_object() {
        template["metadata"]["annotations"] = json!({});
    }
    template["metadata"]["annotations"][RELEASE] = json!(release);
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

/// Returns a label selector in kubectl's notation.
fn selector(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut terms: Vec<_> = labels
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = expression["key"].as_str().unwrap_or_default();
        let values = expression["values"].as_array().into_iter().flatten();
        let values: Vec<_> = values.filter_map(Value::as_str).collect();
        let values = values.join(",");
        terms.push(match expression["operator"].as_str() {
            Some("In") => format!("{key} in ({values})"),
            Some("NotIn") => format!("{key} notin ({values})"),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.join(",")
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
    fn a_selector_may_have_expressions() {
        let selector = selector(&json!({
            "matchLabels": {"app": "shop"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "canary", "operator": "DoesNotExist"},
            ],
        }));
        assert_eq!(selector, "app=shop,tier in (a,b),!canary");
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

    #[test]
    fn the_container_is_the_named_one() {
        let object = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "sidecar", "image": "proxy:v7"}, {"name": "shop", "image": "shop:v1"},
        ]}}}});
        let mut wanted = Wanted {
            name: toml::Spanned::new(0..0, "shop".to_owned()),
            container: Some("shop".to_owned()),
            next_image: None,
            next_tag: Some("v2".to_owned()),
            shutdown: None,
        };
        let deployment = Deployment::from_object(&object, &wanted).unwrap();
        assert_eq!((deployment.image(), deployment.next_image()), ("shop:v1", "shop:v2"));
        wanted.container = Some("other".to_owned());
        assert!(Deployment::from_object(&object, &wanted).is_err());
    }
}
