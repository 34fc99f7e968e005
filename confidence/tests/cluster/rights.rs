//! What must not happen to neighbours, and what a user may not do.

use super::*;

/// Names and start times of all pods of a namespace.
async fn pods_of(namespace: &str) -> Result<String> {
    let fields = "jsonpath={range .items[*]}{.metadata.name} {.status.startTime}{end}";
    kubectl(&["get", "pods", "--namespace", namespace, "--output", fields]).await
}

#[tokio::test]
async fn a_drain_evicts_no_pod_of_another_namespace_with_the_same_labels() -> Result<()> {
    const NEIGHBOUR: &str = "--namespace=confidence-neighbour";
    let _cluster = CLUSTER.lock().await;
    let namespace = NEIGHBOUR.trim_start_matches("--namespace=");
    kubectl(&["create", "namespace", namespace]).await?;
    let outcome = async {
        let manifest = format!("{MANIFESTS}/backend.deployment.yaml");
        kubectl(&["apply", NEIGHBOUR, "--filename", &manifest]).await?;
        kubectl(&["rollout", "status", NEIGHBOUR, "deployment/k8s-demo-backend"]).await?;
        let before = pods_of(namespace).await?;
        run(PLAN, &["--scenarios", "drain"], 0, &[]).await?;
        let after = pods_of(namespace).await?;
        ensure!(before == after, "{before} became {after}");
        Ok(())
    }
    .await;
    kubectl(&["delete", "namespace", namespace]).await?;
    outcome
}

#[tokio::test]
async fn with_the_role_edit_what_needs_more_is_skipped_and_the_rest_is_run() -> Result<()> {
    const USER: &str = "confidence-edit";
    let _cluster = CLUSTER.lock().await;
    kubectl(&["create", "serviceaccount", USER]).await?;
    let outcome = async {
        let account = format!("--serviceaccount=default:{USER}");
        kubectl(&["create", "rolebinding", USER, "--clusterrole=edit", &account]).await?;
        let user = format!("system:serviceaccount:default:{USER}");
        let arguments = ["--as", &user, "--scenarios", "steady,delete,kill,drain"];
        let expected = [
            "kill: you may not create namespaces",
            "drain: you may not list nodes",
            "| delete",
            "None of",
        ];
        run(PLAN, &arguments, 3, &expected).await
    }
    .await;
    kubectl(&["delete", "serviceaccount", USER]).await?;
    kubectl(&["delete", "rolebinding", "--ignore-not-found", USER]).await?;
    outcome.map(drop)
}
