//! The revisions of a workload: `kubectl rollout history` shows after a run what it showed before.
//!
//! A Deployment's revisions are its ReplicaSets, each with its number in an annotation. Those of a StatefulSet or a DaemonSet
//! are ControllerRevisions. A rollout makes one, and gives the restored one a new number.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};

use super::{rights::is_allowed, wait::until, workload::Workload};
use crate::plan::workload::Kind;

/// The annotations by which the Deployment controller numbers ReplicaSets.
const NUMBERS: [&str; 2] = [
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
];

/// The revisions of a workload by name, each with the patch that restores its number. `None` if the user may not restore
/// them.
#[derive(Debug, Clone, Default)]
pub struct History(Option<BTreeMap<String, Value>>);

impl History {
    /// Reads the revisions of a workload.
    pub async fn snapshot(client: &Client, namespace: &str, workload: &Workload) -> Result<Self> {
        for verb in ["list", "delete", "patch"] {
            if !is_allowed(client, namespace, (verb, "apps", plural(workload.kind), true)).await? {
                return Ok(Self(None));
            }
        }
        let revisions = revisions(client, namespace, workload).await?;
        let numbers = |revision: &DynamicObject| (revision.name_any(), number(revision));
        Ok(Self(Some(revisions.iter().map(numbers).collect())))
    }

    /// Returns whether the user may restore the revisions.
    pub fn is_restorable(&self) -> bool {
        self.0.is_some()
    }

    /// Deletes the revisions that are not in the snapshot, and restores the numbers of the others. No pod may run
    /// of those to be deleted.
    pub async fn restore(&self, client: &Client, namespace: &str, workload: &Workload) -> Result<()> {
        let Some(snapshot) = &self.0 else { return Ok(()) };
        let api = api(client, namespace, workload.kind);
        let now = revisions(client, namespace, workload).await?.into_iter();
        let (known, new): (Vec<_>, Vec<_>) = now.partition(|revision| snapshot.contains_key(&revision.name_any()));
        let failed = || format!("cannot restore the revisions of {}", workload.reference());
        for revision in &new {
            let deleted = api.delete(&revision.name_any(), &DeleteParams::background()).await;
            deleted.with_context(failed)?;
        }
        for revision in &new {
            // While the controller still sees it, it would give the restored one a higher number again.
            until(api.clone(), &revision.name_any(), |revision| revision.is_none()).await?;
        }
        for revision in &known {
            let name = revision.name_any();
            if let Some(numbers) = snapshot.get(&name).filter(|numbers| **numbers != number(revision)) {
                let patched = api.patch(&name, &PatchParams::default(), &Patch::Merge(numbers)).await;
                patched.with_context(failed)?;
            }
        }
        Ok(())
    }
}

/// Returns the patch that gives a revision the number that it has.
fn number(revision: &DynamicObject) -> Value {
    match revision.data.get("revision") {
        Some(number) => json!({"revision": number}),
        None => {
            let annotations = revision.metadata.annotations.as_ref();
            let value = |name: &str| json!(annotations.and_then(|annotations| annotations.get(name)));
            let values: BTreeMap<_, _> = NUMBERS.into_iter().map(|name| (name, value(name))).collect();
            json!({"metadata": {"annotations": values}})
        }
    }
}

async fn revisions(client: &Client, namespace: &str, workload: &Workload) -> Result<Vec<DynamicObject>> {
    let selected = ListParams::default().labels_from(&workload.selector);
    let mut revisions = api(client, namespace, workload.kind).list(&selected).await?.items;
    revisions.retain(|revision| {
        let mut owners = revision.metadata.owner_references.iter().flatten();
        owners.any(|owner| owner.uid == workload.uid)
    });
    Ok(revisions)
}

/// Returns the API of the revisions of a kind of workload.
fn api(client: &Client, namespace: &str, kind: Kind) -> Api<DynamicObject> {
    let name = match kind {
        Kind::Deployment => "ReplicaSet",
        Kind::StatefulSet | Kind::DaemonSet => "ControllerRevision",
    };
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("apps", "v1", name), plural(kind));
    Api::namespaced_with(client.clone(), namespace, &resource)
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Deployment => "replicasets",
        Kind::StatefulSet | Kind::DaemonSet => "controllerrevisions",
    }
}
