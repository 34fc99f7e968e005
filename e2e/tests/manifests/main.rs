//! Checks the manifests of `k8s/` and `deploy/` without a cluster: they are valid, and their numbers and names agree.

mod deploy;
mod rollout;
mod services;
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
