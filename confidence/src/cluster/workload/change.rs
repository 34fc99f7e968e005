//! Changes to a workload, and how they are undone.

use anyhow::{Context, Result};
use kube::{
    Client,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use super::Workload;
use crate::plan::workload::Kind;

/// The fields of a spec that scenarios change.
const CHANGED: [&str; 4] = [
    "replicas",
    "template",
    "progressDeadlineSeconds",
    "revisionHistoryLimit",
];

impl Workload {
    /// Returns the pod template with changes to the container and an annotation, which makes it a release of its own.
    pub fn template(&self, annotation: Option<(&str, &str)>, change: impl FnOnce(&mut Value)) -> Value {
        let mut template = self.spec["template"].clone();
        if let Some((name, value)) = annotation {
            if !template["metadata"]["annotations"].is_object() {
                template["metadata"]["annotations"] = json!({});
            }
            template["metadata"]["annotations"][name] = json!(value);
        }
        change(&mut template["spec"]["containers"][self.container]);
        template
    }

    /// Rolls out a pod template. One more revision may be kept meanwhile, so that none of the user's is removed. The API server
    /// does not allow that for a StatefulSet.
    pub async fn set_template(&self, template: Value) -> Result<()> {
        let limit = self.spec["revisionHistoryLimit"].as_u64().unwrap_or(10) + 1;
        let fields = [("template", template), ("revisionHistoryLimit", json!(limit))];
        match self.kind {
            Kind::StatefulSet => self.set(&fields[..1]).await,
            Kind::Deployment | Kind::DaemonSet => self.set(&fields).await,
        }
    }

    /// Sets fields of the spec.
    pub async fn set(&self, fields: &[(&str, Value)]) -> Result<()> {
        let patch = fields
            .iter()
            .map(|(field, value)| json!({"op": "add", "path": format!("/spec/{field}"), "value": value}))
            .collect();
        let patch = Patch::Json::<()>(serde_json::from_value(patch)?);
        let patched = self.api.patch(&self.name, &PatchParams::default(), &patch).await;
        patched.with_context(|| format!("cannot change {}", self.reference()))?;
        Ok(())
    }

    /// Restores what differs from the snapshot, save for the limit of the history. Returns whether anything did.
    pub async fn restore(&self) -> Result<bool> {
        let now = self.api.get(&self.name).await?;
        let fields: Vec<_> = self
            .restored_fields()
            .filter(|(field, value)| *field != "revisionHistoryLimit" && now.data["spec"][field] != *value)
            .collect();
        if fields.is_empty() {
            // Rolled out and back, its history has changed.
            return Ok(match self.kind {
                Kind::StatefulSet => now.metadata.generation != self.generation,
                _ => now.data["spec"]["revisionHistoryLimit"] != self.spec["revisionHistoryLimit"],
            });
        }
        self.set(&fields).await?;
        Ok(true)
    }

    /// Restores its revisions, and then how many of them are kept.
    pub async fn restore_history(&self, client: &Client, namespace: &str) -> Result<()> {
        self.history.restore(client, namespace, self).await?;
        let limit = &self.spec["revisionHistoryLimit"];
        match limit.is_null() {
            true => Ok(()),
            false => self.set(&[("revisionHistoryLimit", limit.clone())]).await,
        }
    }

    /// Returns the JSON patch that restores it, for a person to apply.
    pub fn restoring_patch(&self) -> String {
        self.restored_fields()
            .map(|(field, value)| json!({"op": "add", "path": format!("/spec/{field}"), "value": value}))
            .collect::<Value>()
            .to_string()
    }

    /// The replicas of a workload with an autoscaler are the autoscaler's.
    fn restored_fields(&self) -> impl Iterator<Item = (&'static str, Value)> {
        CHANGED
            .into_iter()
            .filter(|field| !(*field == "replicas" && self.autoscaler.is_some()))
            .map(|field| (field, self.spec[field].clone()))
            .filter(|(_, value)| !value.is_null())
    }
}
