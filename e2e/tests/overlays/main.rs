//! What `kubectl kustomize` makes of `k8s/` and `deploy/`. Needs kubectl 1.22 or newer, and a cluster.
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

mod apply;
#[path = "../manifests/validation.rs"]
mod validation;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use validation::validate;

fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../k8s")).to_owned()
}

fn deploy(part: &str) -> PathBuf {
    folder().join("../deploy").join(part)
}

fn kubectl(arguments: &[&str]) -> Output {
    Command::new("kubectl")
        .args(arguments)
        .output()
        .expect("kubectl is here")
}

fn kustomize(folder: &Path) -> Vec<Value> {
    let output = kubectl(&["kustomize", folder.to_str().unwrap()]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && error.is_empty(),
        "{}: {error}",
        folder.display()
    );
    parse(&output.stdout)
}

fn parse(yaml: &[u8]) -> Vec<Value> {
    serde_saphyr::from_multiple(std::str::from_utf8(yaml).unwrap()).unwrap()
}

fn overlays() -> Vec<PathBuf> {
    let overlays = fs::read_dir(deploy("overlays")).unwrap();
    overlays.map(|entry| entry.unwrap().path()).collect()
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

fn named<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut objects = of_kind(objects, kind).into_iter();
    objects.find(|object| object["metadata"]["name"] == name).unwrap()
}

fn pod_labels(deployment: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(deployment["spec"]["template"]["metadata"]["labels"].clone()).unwrap()
}

/// Whether labels satisfy a selector: `{"app": "backend"}`.
fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let pairs = selector.as_object().unwrap();
    pairs
        .iter()
        .all(|(key, value)| labels.get(key).is_some_and(|label| value == label))
}

#[test]
fn every_overlay_is_valid_and_its_known_kinds_are_accepted_by_the_cluster() {
    let mut folders = overlays();
    folders.extend([folder(), deploy("canary"), deploy("green")]);
    for folder in folders {
        for object in kustomize(&folder) {
            validate(&object).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
        let path = folder.to_str().unwrap();
        let output = kubectl(&["apply", "--dry-run=server", "--kustomize", path]);
        // Custom resources need their definitions, and old clusters lack newer kinds; a namespace of a dry run does not exist.
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let unexpected: Vec<_> = errors
            .lines()
            .filter(|line| {
                ![
                    "no matches for kind",
                    "ensure CRDs are installed",
                    "namespaces \"k8s-demo\" not found",
                ]
                .iter()
                .any(|known| line.contains(known))
            })
            .collect();
        assert_eq!(unexpected, Vec::<&str>::new(), "{path}");
    }
}

/// Returns what the scripts apply: the function `manifests` of `scripts/lib.sh`.
fn manifests(registry: &str, version: &str) -> Vec<Value> {
    let script = ". scripts/lib.sh; manifests \"$1\" \"$2\"";
    let output = Command::new("bash")
        .args(["-c", script, "bash", registry, version])
        .current_dir(folder().join(".."))
        .output()
        .expect("bash is here");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    parse(&output.stdout)
}

#[test]
fn manifests_for_a_registry_differ_in_images_pull_policies_and_versions_only() {
    let mut expected = kustomize(&folder());
    assert_eq!(manifests("", "v1"), expected);
    for object in expected.iter_mut().filter(|object| object["kind"] == "Deployment") {
        object["metadata"]["labels"]["app.kubernetes.io/version"] = "1.10".into();
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        let app = container["name"].as_str().unwrap();
        container["image"] = format!("registry.example.com:5000/me/k8s-demo-{app}:1.10").into();
        container["imagePullPolicy"] = "IfNotPresent".into();
    }
    assert_eq!(manifests("registry.example.com:5000/me/", "1.10"), expected);
}

#[test]
fn the_overlays_change_what_they_say() {
    for deployment in of_kind(&kustomize(&deploy("overlays/openshift")), "Deployment") {
        let security = deployment["spec"]["template"]["spec"]["securityContext"]
            .as_object()
            .unwrap();
        assert!(
            security.contains_key("runAsNonRoot")
                && !security.contains_key("runAsUser")
                && !security.contains_key("runAsGroup")
        );
    }
    for overlay in ["private", "openshift", "ingress", "gateway", "production"] {
        for service in of_kind(&kustomize(&deploy("overlays").join(overlay)), "Service") {
            assert_ne!(service["spec"]["type"], "LoadBalancer");
        }
    }
    for overlay in ["namespace", "production"] {
        for object in kustomize(&deploy("overlays").join(overlay)) {
            assert!(
                object["kind"] == "Namespace" || object["metadata"]["namespace"] == "k8s-demo",
                "{object}"
            );
        }
    }
    let autoscaled = kustomize(&deploy("overlays/autoscaling"));
    assert_eq!(
        named(&autoscaled, "Deployment", "k8s-demo-backend")["spec"]["replicas"],
        Value::Null
    );
    assert_eq!(
        named(&autoscaled, "Deployment", "k8s-demo-frontend")["spec"]["replicas"],
        2
    );
    let production = kustomize(&deploy("overlays/production"));
    for kind in ["Gateway", "HTTPRoute", "HorizontalPodAutoscaler", "PodMonitor"] {
        assert_eq!(of_kind(&production, kind).len(), 1, "{kind}");
    }
}

#[test]
fn a_canary_gets_its_share_of_every_service_and_has_a_deployment_of_its_own() {
    let stable = kustomize(&folder());
    let [canary] = <[_; 1]>::try_from(kustomize(&deploy("canary"))).unwrap();
    let pods = pod_labels(&canary);
    let backend = |object: &&Value| object["metadata"]["labels"]["app"] == "backend";
    let services: Vec<_> = of_kind(&stable, "Service").into_iter().filter(backend).collect();
    assert_eq!(services.len(), 3);
    assert!(
        services
            .iter()
            .all(|service| selects(&service["spec"]["selector"], &pods))
    );
    let selector = &canary["spec"]["selector"]["matchLabels"];
    assert!(selects(selector, &pods));
    assert!(!selects(
        selector,
        &pod_labels(named(&stable, "Deployment", "k8s-demo-backend"))
    ));
}

#[test]
fn green_gets_nothing_until_the_services_select_it() {
    let blue = kustomize(&folder());
    let green = kustomize(&deploy("green"));
    let pods = pod_labels(of_kind(&green, "Deployment")[0]);
    for service in of_kind(&blue, "Service") {
        assert!(!selects(&service["spec"]["selector"], &pods));
    }
    assert_eq!(pods["app"], "backend-green");
    let text = green.iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains(r#""app":"backend""#), "{text}");
    for (kind, selector) in [
        ("Deployment", "/spec/selector/matchLabels"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("Service", "/spec/selector"),
    ] {
        let [object] = <[_; 1]>::try_from(of_kind(&green, kind)).unwrap();
        assert!(selects(object.pointer(selector).unwrap(), &pods), "{kind}");
    }
}
