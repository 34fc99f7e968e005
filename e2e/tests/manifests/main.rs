//! Checks the manifests of `k8s/` and `deploy/` without a cluster: they are valid, and their numbers and names agree.

mod deploy;
mod validation;

use std::{collections::BTreeMap, fs, path::Path};

use k8s_openapi::{
    Resource,
    api::{
        apps::v1::{Deployment, DeploymentSpec},
        core::v1::{Container, PodSpec, Service},
        policy::v1::PodDisruptionBudget,
    },
    apimachinery::pkg::api::resource::Quantity,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

const APPS: [&str; 2] = ["backend", "frontend"];

/// Reads `k8s/{app}.{kind}.yaml`.
///
/// # Panics
/// If the file has another kind, an unknown field, or a value of the wrong type.
fn read<T: Resource + DeserializeOwned>(app: &str) -> T {
    let file = format!("{app}.{}.yaml", T::KIND.to_lowercase());
    let text = fs::read_to_string(folder().join(&file)).expect("k8s/ is readable");
    validation::strict(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../k8s"))
}

fn deployment(app: &str) -> DeploymentSpec {
    read::<Deployment>(app).spec.expect("a Deployment has a spec")
}

fn pod(app: &str) -> PodSpec {
    deployment(app).template.spec.expect("a Deployment has a pod template")
}

fn container(app: &str) -> Container {
    let [container] = <[_; 1]>::try_from(pod(app).containers).expect("one container a pod");
    container
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn every_file_is_one_object_that_these_tests_read() {
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|file| file != "Kustomization")
        .collect();
    files.sort();
    let kustomization = fs::read_to_string(folder().join("Kustomization")).unwrap();
    let kustomization: Value = serde_saphyr::from_str(&kustomization).unwrap();
    let mut resources: Vec<String> = serde_json::from_value(kustomization["resources"].clone()).unwrap();
    resources.sort();
    assert_eq!(resources, files);
    let mut expected = Vec::new();
    for app in APPS {
        for kind in [Deployment::KIND, PodDisruptionBudget::KIND, Service::KIND] {
            expected.push(format!("{app}.{}.yaml", kind.to_lowercase()));
        }
        read::<Deployment>(app);
        read::<PodDisruptionBudget>(app);
        read::<Service>(app);
        expected.push(format!("{app}-pods.service.yaml"));
        read::<Service>(&format!("{app}-pods"));
    }
    expected.push("backend-all-pods.service.yaml".to_owned());
    read::<Service>("backend-all-pods");
    expected.sort();
    assert_eq!(files, expected);
}

#[test]
fn deployment_service_and_budget_select_the_pods() {
    for app in APPS {
        let selector = labels(&[("app", app)]);
        let deployment = deployment(app);
        let pods = deployment.template.metadata.unwrap().labels.unwrap();
        assert!(selector.iter().all(|label| pods.iter().any(|other| other == label)));
        assert_eq!(deployment.selector.match_labels, Some(selector.clone()));
        assert_eq!(read::<Service>(app).spec.unwrap().selector, Some(selector.clone()));
        let budget = read::<PodDisruptionBudget>(app).spec.unwrap();
        assert_eq!(budget.selector.unwrap().match_labels, Some(selector));
    }
}

#[test]
fn every_object_has_the_recommended_labels() {
    for app in APPS {
        let name = format!("k8s-demo-{app}");
        let expected = labels(&[
            ("app", app),
            ("app.kubernetes.io/name", &name),
            ("app.kubernetes.io/component", app),
            ("app.kubernetes.io/part-of", "k8s-demo"),
        ]);
        let deployment: Deployment = read(app);
        let (image, version) = container(app)
            .image
            .unwrap()
            .split_once(':')
            .map(|(image, version)| (image.to_owned(), version.to_owned()))
            .unwrap();
        assert_eq!(image, name);
        let mut with_version = expected.clone();
        with_version.insert("app.kubernetes.io/version".to_owned(), version);
        assert_eq!(deployment.metadata.labels, Some(with_version));
        for metadata in [
            deployment.spec.unwrap().template.metadata.unwrap(),
            read::<Service>(app).metadata,
            read::<Service>(&format!("{app}-pods")).metadata,
            read::<PodDisruptionBudget>(app).metadata,
        ] {
            assert_eq!(metadata.labels.as_ref(), Some(&expected));
        }
    }
}

#[test]
fn the_services_reach_the_containers_by_the_ports_of_the_contract() {
    for (app, port) in [("backend", 8000), ("frontend", 8080)] {
        let service: Service = read(app);
        assert_eq!(service.metadata.name, Some(format!("k8s-demo-{app}-service")));
        let spec = service.spec.unwrap();
        assert_eq!(spec.type_.as_deref(), Some("LoadBalancer"));
        let published = &spec.ports.unwrap()[0];
        assert_eq!(published.port, port);
        let listening = &container(app).ports.unwrap()[0];
        assert_eq!(listening.container_port, port);
        assert_eq!(
            serde_json::to_value(&published.target_port).unwrap(),
            *listening.name.as_ref().unwrap()
        );
    }
}

#[test]
fn the_other_services_have_the_pods_that_nginx_may_ask() {
    for (app, pods, cluster_ip, also_not_ready) in [
        // Not `Some(false)`: a current API server drops the default, and each `kubectl apply` would say "configured".
        ("backend", "pods", Some("None"), None),
        ("backend", "all-pods", None, Some(true)),
        ("frontend", "pods", Some("None"), Some(true)),
    ] {
        let service: Service = read(&format!("{app}-{pods}"));
        assert_eq!(service.metadata.name, Some(format!("k8s-demo-{app}-{pods}")));
        let spec = service.spec.unwrap();
        assert_eq!(spec.cluster_ip.as_deref(), cluster_ip);
        assert_eq!(spec.publish_not_ready_addresses, also_not_ready);
        let public = read::<Service>(app).spec.unwrap();
        assert_eq!(spec.selector, public.selector);
        assert_eq!(spec.ports, public.ports);
        assert_eq!(spec.ports.unwrap()[0].app_protocol.as_deref(), Some("http"));
    }
}

#[test]
fn nginx_gets_the_full_name_and_the_port_of_each_service_that_it_asks() {
    let env = container("frontend").env.unwrap();
    let value = |name: &str| env.iter().find(|env| env.name == name).unwrap().value.clone().unwrap();
    for (variable, file) in [
        ("BACKEND_PODS", "backend-pods"),
        ("BACKEND_ALL_PODS", "backend-all-pods"),
        ("BACKEND_SERVICE", "backend"),
        ("FRONTEND_PODS", "frontend-pods"),
    ] {
        let service: Service = read(file);
        let name = service.metadata.name.unwrap();
        let port = service.spec.unwrap().ports.unwrap()[0].port;
        assert_eq!(
            value(variable),
            format!("{name}.$(NAMESPACE).svc.$(CLUSTER_DOMAIN):{port}")
        );
        // Kubernetes replaces only the variables that stand before.
        let position = |name: &str| env.iter().position(|env| env.name == name);
        assert!(position("NAMESPACE") < position(variable) && position("CLUSTER_DOMAIN") < position(variable));
    }
    assert_eq!(value("CLUSTER_DOMAIN"), "cluster.local");
}

#[test]
fn the_backend_is_probed_on_a_port_that_no_service_publishes() {
    let container = container("backend");
    let ports = container.ports.unwrap();
    let admin = ports.iter().find(|port| port.name.as_deref() == Some("admin")).unwrap();
    let env = container.env.unwrap();
    let variable = env.iter().find(|env| env.name == "K8S_DEMO_ADMIN_PORT").unwrap();
    assert_eq!(variable.value, Some(admin.container_port.to_string()));
    let probes = [
        container.startup_probe,
        container.readiness_probe,
        container.liveness_probe,
    ];
    for probe in probes {
        let port = probe.unwrap().http_get.unwrap().port;
        assert_eq!(serde_json::to_value(port).unwrap(), "admin");
    }
    for file in ["backend", "backend-pods"] {
        for port in read::<Service>(file).spec.unwrap().ports.unwrap() {
            let target = serde_json::to_value(port.target_port).unwrap();
            assert!(target != "admin" && target != admin.container_port, "{target}");
        }
    }
}

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
fn the_pods_satisfy_the_restricted_pod_security_standard() {
    for app in APPS {
        let (pod, container) = (pod(app), container(app));
        let security = pod.security_context.unwrap();
        assert_eq!(security.run_as_non_root, Some(true));
        assert!(security.run_as_user.is_some_and(|user| user > 0));
        assert_eq!(security.seccomp_profile.unwrap().type_, "RuntimeDefault");
        assert_eq!(pod.automount_service_account_token, Some(false));
        let security = container.security_context.unwrap();
        assert_eq!(security.allow_privilege_escalation, Some(false));
        assert_eq!(security.read_only_root_filesystem, Some(true));
        assert_eq!(security.capabilities.unwrap().drop, Some(vec!["ALL".to_owned()]));
        let resources = container.resources.unwrap();
        for quantities in [resources.requests.unwrap(), resources.limits.unwrap()] {
            assert!(quantities.contains_key("cpu") && quantities.contains_key("memory"));
        }
    }
}

#[test]
fn a_field_reference_names_the_version_that_the_server_adds() {
    // A server-side apply would conflict with the default that an earlier client-side apply made the server add.
    for app in APPS {
        let env = container(app).env.unwrap();
        let references = env.into_iter().filter_map(|env| env.value_from?.field_ref);
        let versions: Vec<_> = references.map(|reference| reference.api_version).collect();
        assert_eq!(versions, [Some("v1".to_owned())]);
    }
}

#[test]
fn the_pods_run_on_linux_nodes_only() {
    for app in APPS {
        assert_eq!(pod(app).node_selector, Some(labels(&[("kubernetes.io/os", "linux")])));
    }
}

/// Returns the number of a quantity such as `100m` or `32Mi`.
fn number(quantity: &Quantity) -> f64 {
    let digits = quantity.0.trim_end_matches(char::is_alphabetic);
    let factor = match &quantity.0[digits.len()..] {
        "" => 1.0,
        "m" => 0.001,
        "Mi" => 1024.0 * 1024.0,
        unit => panic!("{unit} is not used in k8s/"),
    };
    factor * digits.parse::<f64>().expect("a quantity begins with a number")
}

#[test]
fn a_limit_is_at_most_ten_times_its_request() {
    for app in APPS {
        let resources = container(app).resources.unwrap();
        let (requests, limits) = (resources.requests.unwrap(), resources.limits.unwrap());
        for (name, limit) in limits {
            let ratio = number(&limit) / number(&requests[&name]);
            assert!((1.0..=10.0).contains(&ratio), "{app}: {name} has a ratio of {ratio}");
        }
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
