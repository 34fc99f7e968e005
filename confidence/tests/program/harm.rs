//! It must never harm: what is noticed before anything is changed, and what is left alone.

use serde_json::{Value, json};

use crate::{
    api::Api,
    command::{printed, run_quick},
    server::{Reply, Server, good},
};

async fn server() -> Server {
    Server::start(|request| Reply::Send(good(request))).await
}

#[tokio::test]
async fn without_the_right_to_create_namespaces_kill_is_skipped_and_the_others_are_run() {
    let (api, server) = (Api::start().await, server().await);
    api.forbid("create namespaces");
    let output = run_quick(&api, &server, &["--scenarios", "kill,scale-to-one"]).await;
    let text = printed(&output);
    for expected in [
        "kill: you may not create namespaces",
        "| scale-to-one",
        "None of",
        "were skipped: 1",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("could not be restored"), "{text}");
    assert!(
        !api.changes().contains("namespaces/kubectl-confidence"),
        "{}",
        api.changes()
    );
    assert_eq!(output.status.code(), Some(3), "{text}");
}

#[tokio::test]
async fn the_replicas_of_a_workload_with_an_autoscaler_are_left_to_it() {
    let (api, server) = (Api::start().await, server().await);
    let list = "/apis/autoscaling/v1/namespaces/shops/horizontalpodautoscalers";
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"});
    api.add(
        list,
        json!({"metadata": {"name": "grow"}, "spec": {"maxReplicas": 9, "scaleTargetRef": target}}),
    );
    let output = run_quick(&api, &server, &["--scenarios", "restart,scale"]).await;
    let text = printed(&output);
    assert!(
        text.contains("skipped:     scale to 5, 1, 2: deployment/shop has its replicas set by"),
        "{text}"
    );
    assert!(api.changes().contains("/spec/template"), "{}", api.changes());
    assert!(!api.changes().contains("/spec/replicas"), "{}", api.changes());
}

/// Runs a scenario on a Deployment with this change, which has to be refused for this reason before anything is changed.
async fn is_refused(scenario: &str, change: impl FnOnce(&mut Value), reason: &str) {
    let (api, server) = (Api::start().await, server().await);
    api.edit(change);
    let output = run_quick(&api, &server, &["--scenarios", scenario]).await;
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains(reason), "{text}");
    assert_eq!(api.changes(), "");
}

#[tokio::test]
async fn a_paused_deployment_is_not_rolled_out() {
    let pause = |deployment: &mut Value| deployment["spec"]["paused"] = json!(true);
    is_refused("rollout", pause, "deployment/shop is paused").await;
}

#[tokio::test]
async fn a_program_that_may_undo_changes_is_mentioned() {
    let (api, server) = (Api::start().await, server().await);
    api.edit(|deployment| deployment["metadata"]["labels"] = json!({"argocd.argoproj.io/instance": "shop"}));
    let output = run_quick(&api, &server, &["--scenarios", "steady"]).await;
    assert!(
        printed(&output).contains("notice:      Argo CD manages deployment/shop"),
        "{}",
        printed(&output)
    );
}

#[tokio::test]
async fn more_revisions_are_kept_while_a_release_is_rolled_out_and_the_limit_is_restored() {
    let (api, server) = (Api::start().await, server().await);
    let output = run_quick(&api, &server, &["--scenarios", "restart"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let changes = api.changes();
    let limits: Vec<_> = changes
        .lines()
        .filter(|line| line.contains("/spec/revisionHistoryLimit"))
        .collect();
    assert!(limits[0].contains("\"value\":11}"), "{changes}");
    assert!(limits.last().unwrap().contains("\"value\":10}"), "{changes}");
}

#[tokio::test]
async fn a_drain_evicts_the_pods_of_the_workloads_and_no_others() {
    let (api, server) = (Api::start().await, server().await);
    let pods = "/api/v1/namespaces/shops/pods";
    let mut other = json!({"metadata": {"name": "other-1-0", "labels": {"app": "shop", "pod-template-hash": "1"}}});
    other["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "other-1", "uid": "9", "controller": true}]);
    api.add(pods, other);
    let output = run_quick(&api, &server, &["--scenarios", "drain"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let changes = api.changes();
    let changes: Vec<_> = changes.lines().map(|line| line.split(" {").next().unwrap()).collect();
    let evicted = |pod: &str| format!("POST {pods}/{pod}/eviction");
    let node = "PATCH /api/v1/nodes/node-1".to_owned();
    assert_eq!(changes, [node.clone(), evicted("shop-1-0"), evicted("shop-1-1"), node]);
}

/// Otherwise it would be taken for what is to be restored.
#[tokio::test]
async fn a_pod_that_has_ended_and_is_not_gone_yet_is_not_counted() {
    let (api, server) = (Api::start().await, server().await);
    let owner =
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-1", "uid": "2", "controller": true});
    let metadata = json!({
        "name": "shop-1-9", "uid": "9", "ownerReferences": [owner], "deletionTimestamp": "2026-11-28T10:00:00Z",
        "labels": {"app": "shop", "pod-template-hash": "1"},
    });
    let spec = json!({"nodeName": "node-1", "containers": [{"name": "shop", "image": "shop:v1"}]});
    let pod = json!({"metadata": metadata, "spec": spec, "status": {"phase": "Succeeded"}});
    api.add("/api/v1/namespaces/shops/pods", pod);
    let text = printed(&run_quick(&api, &server, &["--scenarios", "scale-to-one"]).await);
    assert!(text.contains("shop:v1, pods: 2 on node-1"), "{text}");
}

#[tokio::test]
async fn a_release_of_another_run_is_noticed() {
    let release = |deployment: &mut Value| {
        deployment["spec"]["template"]["metadata"]["annotations"] =
            json!({"kubectl-confidence/release": "AlwaysReady"});
    };
    is_refused("restart", release, "kubectl rollout undo deployment/shop").await;
}
