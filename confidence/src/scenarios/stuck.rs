//! A release that cannot replace the running one.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::stage::Stage;
use crate::cluster::deployment::Deployment;

/// The progress deadline of a Deployment while a broken release is rolled out. Kubernetes' default is ten minutes.
const PROGRESS_DEADLINE: u64 = 15;

/// Rolls out a broken release in all targets, waits until Kubernetes reports that the rollouts are stuck, and undoes them.
pub(super) async fn play(stage: &Stage<'_>, release: &str, change: impl Fn(&Deployment, &mut Value)) -> Result<()> {
    let kubectl = &stage.cluster.kubectl;
    for deployment in &stage.targets {
        let deadline = deployment.spec["minReadySeconds"].as_u64().unwrap_or(0) + PROGRESS_DEADLINE;
        deployment.set_progress_deadline(kubectl, deadline).await?;
        stage.log(format!(
            "rolling out a release with {release} in {}",
            deployment.reference()
        ));
        deployment
            .roll_out_changed(kubectl, release, |container| change(deployment, container))
            .await?;
    }
    for deployment in &stage.targets {
        until_stuck(stage, deployment).await?;
    }
    for deployment in &stage.targets {
        stage.log(format!("undoing the rollout of {}", deployment.reference()));
        deployment.restore(kubectl).await?;
    }
    stage.rolled_out().await
}

/// Waits until the rollout has exceeded its progress deadline.
async fn until_stuck(stage: &Stage<'_>, deployment: &Deployment) -> Result<()> {
    let limit = stage.cluster.wait.max(Duration::from_secs(2 * PROGRESS_DEADLINE));
    let what = format!("the rollout of {} to be reported as stuck", deployment.reference());
    stage
        .cluster
        .until(&what, limit, async || {
            let now = stage.cluster.kubectl.get(&[&deployment.reference()]).await?;
            if is_complete(&now) {
                bail!(
                    "{}: the broken release replaced the running one",
                    deployment.reference()
                );
            }
            Ok(is_stuck(&now).then_some(()))
        })
        .await?;
    let pods = stage.cluster.pods.current().into_iter();
    let reason = pods
        .filter(|pod| pod.deployment == deployment.name)
        .find_map(|pod| pod.reason)
        .unwrap_or_else(|| "never ready".to_owned());
    stage.log(format!(
        "Kubernetes reports that the rollout of {} is stuck (new pod: {reason})",
        deployment.reference()
    ));
    Ok(())
}

fn is_stuck(deployment: &Value) -> bool {
    let conditions = deployment["status"]["conditions"].as_array().into_iter().flatten();
    is_observed(deployment)
        && conditions
            .into_iter()
            .any(|condition| condition["reason"] == json!("ProgressDeadlineExceeded"))
}

fn is_complete(deployment: &Value) -> bool {
    let status = &deployment["status"];
    let replicas = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let count = |name: &str| status[name].as_u64().unwrap_or(0);
    is_observed(deployment)
        && replicas > 0
        && count("updatedReplicas") == replicas
        && count("availableReplicas") == replicas
        && count("replicas") == replicas
}

fn is_observed(deployment: &Value) -> bool {
    let generation = |value: &Value| value.as_u64().unwrap_or(0);
    generation(&deployment["status"]["observedGeneration"]) >= generation(&deployment["metadata"]["generation"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_is_stuck_only_when_kubernetes_has_seen_it() {
        let mut deployment = json!({
            "metadata": {"generation": 3}, "spec": {"replicas": 2},
            "status": {
                "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
                "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
            },
        });
        assert!(!is_stuck(&deployment) && !is_complete(&deployment));
        deployment["status"]["observedGeneration"] = json!(3);
        assert!(is_stuck(&deployment) && is_complete(&deployment));
        deployment["status"]["replicas"] = json!(3);
        assert!(!is_complete(&deployment));
    }
}
