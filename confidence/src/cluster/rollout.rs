//! What the status of a workload says about its rollout.

use kube::api::DynamicObject;
use serde_json::Value;

use crate::plan::workload::Kind;

/// Returns how many pods a workload should have.
pub fn wanted_pods(kind: Kind, object: &DynamicObject) -> u64 {
    match kind {
        Kind::DaemonSet => count(object, "desiredNumberScheduled"),
        Kind::Deployment | Kind::StatefulSet => object.data["spec"]["replicas"].as_u64().unwrap_or(1),
    }
}

fn count(object: &DynamicObject, field: &str) -> u64 {
    object.data["status"][field].as_u64().unwrap_or(0)
}

fn is_observed(object: &DynamicObject) -> bool {
    let generation = object.metadata.generation.unwrap_or(0);
    object.data["status"]["observedGeneration"].as_i64().unwrap_or(0) >= generation
}

/// Returns whether a rollout is complete: every pod is of the newest release and ready, and no older one is left.
pub fn is_complete(kind: Kind, object: &DynamicObject) -> bool {
    let wanted = wanted_pods(kind, object);
    let has = |field: &str| count(object, field) == wanted;
    is_observed(object)
        && match kind {
            Kind::Deployment => has("updatedReplicas") && has("availableReplicas") && has("replicas"),
            Kind::StatefulSet => {
                let status = &object.data["status"];
                // While it is rolled back, the revisions are the same already.
                status["currentRevision"] == status["updateRevision"]
                    && has("updatedReplicas")
                    && has("readyReplicas")
                    && has("replicas")
            }
            Kind::DaemonSet => has("updatedNumberScheduled") && has("numberAvailable"),
        }
}

/// Returns whether the rollout of a Deployment has exceeded its progress deadline.
pub fn is_stuck(object: &DynamicObject) -> bool {
    let conditions = object.data["status"]["conditions"].as_array();
    let is_exceeded = |condition: &Value| condition["reason"] == "ProgressDeadlineExceeded";
    is_observed(object) && conditions.into_iter().flatten().any(is_exceeded)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> DynamicObject {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_rollout_is_complete_or_stuck_only_when_kubernetes_has_seen_it() {
        let mut deployment = json!({
            "metadata": {"generation": 3}, "spec": {"replicas": 2},
            "status": {
                "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
                "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
            },
        });
        let is = |value: &Value| {
            let object = object(value.clone());
            (is_complete(Kind::Deployment, &object), is_stuck(&object))
        };
        assert_eq!(is(&deployment), (false, false));
        deployment["status"]["observedGeneration"] = json!(3);
        assert_eq!(is(&deployment), (true, true));
        deployment["status"]["replicas"] = json!(3);
        assert_eq!(is(&deployment), (false, true));
    }

    #[test]
    fn a_stateful_set_is_complete_when_its_revision_is_the_updated_one_and_a_daemon_set_when_every_node_has_it() {
        let mut set = json!({
            "metadata": {"generation": 1}, "spec": {"replicas": 2},
            "status": {
                "observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "currentRevision": "a",
                "updateRevision": "b",
            },
        });
        assert!(!is_complete(Kind::StatefulSet, &object(set.clone())));
        set["status"]["currentRevision"] = json!("b");
        set["status"]["updatedReplicas"] = json!(1);
        assert!(!is_complete(Kind::StatefulSet, &object(set.clone())));
        set["status"]["updatedReplicas"] = json!(2);
        assert!(is_complete(Kind::StatefulSet, &object(set)));
        let mut set =
            json!({"status": {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}});
        assert!(!is_complete(Kind::DaemonSet, &object(set.clone())));
        set["status"]["numberAvailable"] = json!(3);
        assert!(is_complete(Kind::DaemonSet, &object(set)));
    }
}
