//! The manifests of `deploy/` beside those of `k8s/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{container, deployment, folder, validation::validate};

/// Returns each object under `deploy/` with its file.
fn objects() -> Vec<(PathBuf, Value)> {
    fn collect(folder: &Path, objects: &mut Vec<(PathBuf, Value)>) {
        for entry in fs::read_dir(folder).expect("the folder is readable") {
            let path = entry.expect("the folder is readable").path();
            if path.is_dir() {
                collect(&path, objects);
            } else if path.extension().is_some_and(|extension| extension == "yaml")
                && !path.ends_with("kustomization.yaml")
            {
                let text = fs::read_to_string(&path).expect("the file is readable");
                objects.push((path, serde_saphyr::from_str(&text).expect("the file is YAML")));
            }
        }
    }
    let mut objects = Vec::new();
    for part in ["components", "overlays", "canary", "green"] {
        collect(&folder().join("../deploy").join(part), &mut objects);
    }
    objects
}

fn of_kind(kind: &str) -> Vec<Value> {
    let all = objects().into_iter().map(|(_, object)| object);
    all.filter(|object| object["kind"] == kind).collect()
}

/// Returns the Services of `k8s/`: name and port.
fn services() -> Vec<(String, i64)> {
    let files = fs::read_dir(folder())
        .expect("k8s/ is readable")
        .map(|entry| entry.expect("k8s/ is readable").path());
    files
        .filter(|file| file.to_string_lossy().ends_with(".service.yaml"))
        .map(|file| {
            serde_saphyr::from_str(&fs::read_to_string(file).expect("k8s/ is readable")).expect("the file is YAML")
        })
        .map(|service: Value| {
            let name = service["metadata"]["name"].as_str().expect("a name").to_owned();
            (name, service["spec"]["ports"][0]["port"].as_i64().expect("a port"))
        })
        .collect()
}

#[test]
fn every_object_is_valid_and_labelled_as_a_part_of_the_application() {
    let objects = objects();
    assert!(!objects.is_empty());
    for (file, object) in objects {
        validate(&object).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // `make undeploy` deletes by this label.
        assert_eq!(
            object["metadata"]["labels"]["app.kubernetes.io/part-of"],
            "k8s-demo",
            "{}",
            file.display()
        );
    }
}

#[test]
fn the_routes_in_front_lead_to_services_that_exist() {
    let mut services = services();
    services.push(("k8s-demo-backend-service-green".to_owned(), 8000));
    for route in of_kind("HTTPRoute") {
        assert_eq!(
            route["spec"]["parentRefs"][0]["name"],
            of_kind("Gateway")[0]["metadata"]["name"]
        );
        for rule in route["spec"]["rules"].as_array().unwrap() {
            for backend in rule["backendRefs"].as_array().into_iter().flatten() {
                let target = (backend["name"].as_str().unwrap(), backend["port"].as_i64().unwrap());
                assert!(
                    services.iter().any(|(name, port)| (name.as_str(), *port) == target),
                    "{target:?}"
                );
            }
        }
    }
    let [ingress] = <[_; 1]>::try_from(of_kind("Ingress")).unwrap();
    let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    assert_eq!(backend["name"], "k8s-demo-frontend-service");
    assert_eq!(backend["port"]["name"], "http");
}

#[test]
fn the_autoscaler_scales_the_backend_by_a_request_that_it_has() {
    let [autoscaler] = <[_; 1]>::try_from(of_kind("HorizontalPodAutoscaler")).unwrap();
    let target = &autoscaler["spec"]["scaleTargetRef"];
    assert_eq!(
        (target["kind"].as_str(), target["name"].as_str()),
        (Some("Deployment"), Some("k8s-demo-backend"))
    );
    let resource = &autoscaler["spec"]["metrics"][0]["resource"];
    assert_eq!(resource["target"]["averageUtilization"], 20);
    // The arithmetic of docs/EXPERIMENTS.md.
    let requests = container("backend").resources.unwrap().requests.unwrap();
    assert_eq!(requests[resource["name"].as_str().unwrap()].0, "100m");
}

#[test]
fn the_network_policies_open_the_ports_that_the_containers_have() {
    let policies = of_kind("NetworkPolicy");
    let policy = |name: &str| {
        policies
            .iter()
            .find(|policy| policy["metadata"]["name"] == name)
            .unwrap()
    };
    for (app, inbound) in [("backend", ["http", "admin"].as_slice()), ("frontend", &["http"])] {
        let spec = &policy(&format!("k8s-demo-{app}"))["spec"];
        assert_eq!(spec["podSelector"]["matchLabels"]["app.kubernetes.io/component"], app);
        let ports = container(app).ports.unwrap();
        for (rule, port) in spec["ingress"].as_array().unwrap().iter().zip(inbound) {
            assert_eq!(rule["ports"][0]["port"], *port);
            assert!(ports.iter().any(|named| named.name.as_deref() == Some(port)));
        }
    }
    let egress = policy("k8s-demo-frontend")["spec"]["egress"].as_array().unwrap();
    for (rule, app) in egress.iter().zip(["backend", "frontend"]) {
        assert_eq!(
            rule["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/component"],
            app
        );
        assert_eq!(
            rule["ports"][0]["port"],
            container(app).ports.unwrap()[0].container_port
        );
    }
    assert_eq!(
        policy("k8s-demo-default-deny")["spec"]["policyTypes"],
        serde_json::json!(["Ingress", "Egress"])
    );
}

#[test]
fn prometheus_finds_the_metrics_by_annotations_and_by_the_pod_monitor() {
    let [monitor] = <[_; 1]>::try_from(of_kind("PodMonitor")).unwrap();
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    let ports = container("backend").ports.unwrap();
    let admin = ports
        .iter()
        .find(|port| port.name.as_deref() == endpoint["port"].as_str())
        .unwrap();
    let annotations = deployment("backend").template.metadata.unwrap().annotations.unwrap();
    assert_eq!(annotations["prometheus.io/scrape"], "true");
    assert_eq!(annotations["prometheus.io/port"], admin.container_port.to_string());
    assert_eq!(annotations["prometheus.io/path"], endpoint["path"]);
}
