//! Why a scenario cannot be run, found before anything is changed: missing rights, or what the workloads are.

use anyhow::Result;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, Client, api::PostParams};

use super::{Cluster, workload::Workload};
use crate::plan::{
    scenario::{Action, Scenario},
    settings::ScenarioSettings,
    workload::Kind,
};

/// Something that the user must be allowed to do: verb, group, resource, and whether it is in the namespace.
pub type Right = (&'static str, &'static str, &'static str, bool);

/// A pod on a node is in a namespace of its own, so these are needed in all namespaces.
const POD_ON_NODE: [Right; 3] = [
    ("create", "", "namespaces", false),
    ("delete", "", "namespaces", false),
    ("create", "", "pods", false),
];

const SECOND_DEPLOYMENT: [Right; 3] = [
    ("create", "apps", "deployments", true),
    ("patch", "apps", "deployments", true),
    ("delete", "apps", "deployments", true),
];

impl Cluster {
    /// Returns why a scenario cannot be run with these workloads, if so.
    pub async fn obstacle(
        &self,
        scenario: Scenario,
        targets: &[&Workload],
        settings: &ScenarioSettings,
    ) -> Result<Option<String>> {
        let action = scenario.action();
        for workload in targets {
            if let Some(obstacle) = workload.obstacle(action) {
                return Ok(Some(format!("{} {obstacle}", workload.reference())));
            }
        }
        if let Action::Replace(release) | Action::GetStuck(release) = action
            && let Err(missing) = release.check(targets, settings)
        {
            return Ok(Some(missing.to_string()));
        }
        for right in self.needed_rights(action, targets, settings) {
            if !is_allowed(&self.client, &self.namespace, right).await? {
                let (verb, group, resource, is_namespaced) = right;
                let group = if group.is_empty() {
                    String::new()
                } else {
                    format!(".{group}")
                };
                let scope = if is_namespaced {
                    format!(" in namespace {}", self.namespace)
                } else {
                    String::new()
                };
                return Ok(Some(format!("you may not {verb} {resource}{group}{scope}")));
            }
        }
        Ok(None)
    }

    fn needed_rights(&self, action: Action, targets: &[&Workload], settings: &ScenarioSettings) -> Vec<Right> {
        let change = targets
            .iter()
            .map(|workload| ("patch", "apps", workload.kind.plural(), true));
        let mut rights: Vec<Right> = Vec::new();
        match action {
            Action::Nothing => (),
            Action::Replace(_) | Action::GetStuck(_) | Action::Scale => rights.extend(change),
            Action::Canary => rights.extend(change.chain(SECOND_DEPLOYMENT)),
            Action::BlueGreen => {
                rights.extend(SECOND_DEPLOYMENT);
                rights.push(("patch", "", "services", true));
            }
            Action::DeletePods => rights.push(("delete", "", "pods", true)),
            Action::KillProcesses => rights.extend(POD_ON_NODE),
            Action::DrainNodes => rights.extend([
                ("list", "", "nodes", false),
                ("patch", "", "nodes", false),
                ("create", "", "pods/eviction", true),
            ]),
            Action::CutPower => rights.push(("list", "", "nodes", false)),
            Action::FreezeKubelet => {
                rights.push(("list", "", "nodes", false));
                rights.extend(POD_ON_NODE.into_iter().filter(|_| settings.freeze.stop.is_none()));
            }
        }
        rights
    }
}

/// Returns whether the user may do this.
pub async fn is_allowed(
    client: &Client,
    namespace: &str,
    (verb, group, resource, is_namespaced): Right,
) -> kube::Result<bool> {
    let (resource, subresource) = resource.split_once('/').map_or((resource, None), |(a, b)| (a, Some(b)));
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                verb: Some(verb.to_owned()),
                group: Some(group.to_owned()),
                resource: Some(resource.to_owned()),
                subresource: subresource.map(str::to_owned),
                namespace: is_namespaced.then(|| namespace.to_owned()),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let api = Api::<SelfSubjectAccessReview>::all(client.clone());
    let reviewed = api.create(&PostParams::default(), &review).await?;
    Ok(reviewed.status.is_some_and(|status| status.allowed))
}

impl Workload {
    /// Returns what about the workload prevents a scenario, to follow its name in a sentence.
    fn obstacle(&self, action: Action) -> Option<String> {
        let is_rolled_out = matches!(
            action,
            Action::Replace(_) | Action::GetStuck(_) | Action::Canary | Action::BlueGreen
        );
        let is_deployment = self.kind == Kind::Deployment;
        if is_rolled_out && self.spec["paused"] == true {
            return Some(format!(
                "is paused: `kubectl rollout resume {}` lets it roll out",
                self.reference()
            ));
        }
        if is_rolled_out && self.spec["updateStrategy"]["type"] == "OnDelete" {
            return Some(
                "has the update strategy OnDelete: nothing is rolled out until someone deletes its pods".to_owned(),
            );
        }
        match action {
            Action::Scale => match &self.autoscaler {
                Some(autoscaler) => Some(format!(
                    "has its replicas set by horizontalpodautoscaler/{autoscaler}, which would undo any scaling"
                )),
                None => (self.kind == Kind::DaemonSet).then(|| "has no number of replicas".to_owned()),
            },
            Action::GetStuck(_) if !is_deployment => {
                Some("is not a Deployment: its controller does not report that a rollout is stuck".to_owned())
            }
            Action::Canary | Action::BlueGreen if !is_deployment => Some("is not a Deployment".to_owned()),
            _ => None,
        }
    }
}
