//! How pods are replaced: rollouts, failed nodes, drains, and the time that a pod has to end.

use std::fs;

use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use crate::{APPS, container, deployment, folder, labels, pod, read};

#[test]
fn a_rollout_never_has_fewer_replicas_than_asked_for() {
    for app in APPS {
        let spec = deployment(app);
        assert_eq!(spec.replicas, Some(2));
        let update = serde_json::to_value(spec.strategy.unwrap().rolling_update.unwrap()).unwrap();
        assert_eq!(update, serde_json::json!({"maxUnavailable": 0, "maxSurge": 1}));
    }
}

#[test]
fn a_rollout_without_progress_fails_after_a_minute() {
    for app in APPS {
        assert_eq!(deployment(app).progress_deadline_seconds, Some(60));
    }
}

#[test]
fn a_rollout_spreads_the_new_replicas_over_the_nodes() {
    for app in APPS {
        let [spread] = <[_; 1]>::try_from(pod(app).topology_spread_constraints.unwrap()).unwrap();
        assert_eq!(spread.topology_key, "kubernetes.io/hostname");
        assert_eq!(spread.match_label_keys, Some(vec!["pod-template-hash".to_owned()]));
        assert_eq!(
            spread.label_selector.unwrap().match_labels,
            Some(labels(&[("app", app)]))
        );
    }
}

#[test]
fn the_pods_of_a_failed_node_are_replaced_after_ten_seconds() {
    for app in APPS {
        let mut tolerations: Vec<_> = pod(app)
            .tolerations
            .unwrap()
            .into_iter()
            .map(|toleration| {
                assert_eq!(toleration.operator.as_deref(), Some("Exists"));
                assert_eq!(toleration.effect.as_deref(), Some("NoExecute"));
                (toleration.key.unwrap(), toleration.toleration_seconds)
            })
            .collect();
        tolerations.sort();
        let taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
        assert_eq!(tolerations, taints.map(|taint| (taint.to_owned(), Some(10))));
    }
}

#[test]
fn a_drain_evicts_one_ready_pod_at_a_time_and_every_unhealthy_one() {
    for app in APPS {
        let budget = serde_json::to_value(read::<PodDisruptionBudget>(app).spec.unwrap()).unwrap();
        assert_eq!(budget["maxUnavailable"], 1);
        assert_eq!(budget["unhealthyPodEvictionPolicy"], "AlwaysAllow");
    }
}

#[test]
fn a_pod_has_time_to_drain_and_to_finish_before_it_is_killed() {
    let seconds = |name: &str| -> i64 {
        let setting = container("backend")
            .env
            .unwrap()
            .into_iter()
            .find(|env| env.name == name)
            .unwrap();
        setting.value.unwrap().strip_suffix('s').unwrap().parse().unwrap()
    };
    let grace = pod("backend").termination_grace_period_seconds.unwrap();
    assert!(seconds("K8S_DEMO_DRAIN_TIME") + seconds("K8S_DEMO_SHUTDOWN_TIMEOUT") + 2 <= grace);

    let pre_stop = container("frontend")
        .lifecycle
        .unwrap()
        .pre_stop
        .unwrap()
        .exec
        .unwrap()
        .command
        .unwrap();
    let [sleep, drain] = <[_; 2]>::try_from(pre_stop).unwrap();
    assert_eq!(sleep, "sleep");
    let nginx = fs::read_to_string(folder().join("../frontend/nginx/nginx.conf.template")).unwrap();
    let seconds = |directive: &str| -> i64 {
        let (_, rest) = nginx.split_once(&format!("\n{directive} ")).unwrap();
        rest.split_once("s;").unwrap().0.parse().unwrap()
    };
    let shutdown = seconds("worker_shutdown_timeout");
    assert!(seconds("    keepalive_min_timeout") < shutdown);
    assert!(drain.parse::<i64>().unwrap() + shutdown + 2 <= pod("frontend").termination_grace_period_seconds.unwrap());
}
