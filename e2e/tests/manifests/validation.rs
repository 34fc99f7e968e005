//! Validates objects against the schemas of Kubernetes and, for custom resources, of the projects that define them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use k8s_openapi::{
    Resource,
    api::{
        apps::v1::Deployment,
        autoscaling::v2::HorizontalPodAutoscaler,
        core::v1::{ConfigMap, Namespace, Service},
        networking::v1::{Ingress, NetworkPolicy},
        policy::v1::PodDisruptionBudget,
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Parses one object, and rejects another kind, an unknown field, or a value of the wrong type.
pub fn strict<T: Resource + DeserializeOwned>(text: &str) -> Result<T, String> {
    strict_value(serde_saphyr::from_str(text).map_err(|error| error.to_string())?)
}

fn strict_value<T: Resource + DeserializeOwned>(value: Value) -> Result<T, String> {
    if value["apiVersion"] != T::API_VERSION || value["kind"] != T::KIND {
        return Err(format!("this is not {} {}", T::API_VERSION, T::KIND));
    }
    let mut unknown = Vec::new();
    let object = serde_ignored::deserialize(value, |path| unknown.push(path.to_string()));
    if !unknown.is_empty() {
        return Err(format!("unknown fields: {}", unknown.join(", ")));
    }
    object.map_err(|error| error.to_string())
}

/// Checks an object of any kind that the manifests use.
pub fn validate(object: &Value) -> Result<(), String> {
    fn as_kind<T: Resource + DeserializeOwned>(object: &Value) -> Result<(), String> {
        strict_value::<T>(object.clone()).map(|_| ())
    }
    match object["kind"].as_str().unwrap_or_default() {
        "ConfigMap" => as_kind::<ConfigMap>(object),
        "Deployment" => as_kind::<Deployment>(object),
        "HorizontalPodAutoscaler" => as_kind::<HorizontalPodAutoscaler>(object),
        "Ingress" => as_kind::<Ingress>(object),
        "Namespace" => as_kind::<Namespace>(object),
        "NetworkPolicy" => as_kind::<NetworkPolicy>(object),
        "PodDisruptionBudget" => as_kind::<PodDisruptionBudget>(object),
        "Service" => as_kind::<Service>(object),
        "Gateway" | "HTTPRoute" => validate_custom("gateway-api", object),
        "PodMonitor" | "PrometheusRule" => validate_custom("prometheus-operator", object),
        kind => Err(format!("no schema for the kind {kind:?}")),
    }
}

/// Checks types and formats of a custom resource with the npm package of its schemas, which `scripts/setup schemas` installs. It does
/// not find unknown fields.
fn validate_custom(package: &str, object: &Value) -> Result<(), String> {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let kind = object["kind"].as_str().unwrap_or_default();
    let script = format!(
        "import {{ readFileSync }} from 'node:fs';
         import {{ {kind} }} from '@kubernetes-models/{package}/{version}/{kind}';
         new {kind}(JSON.parse(readFileSync(0, 'utf8'))).validate();"
    );
    let mut node = Command::new("node")
        .args(["--input-type=module", "--eval", &script])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("node does not start: {error}. Type scripts/setup schemas"))?;
    let mut input = node.stdin.take().expect("its input is a pipe");
    input
        .write_all(object.to_string().as_bytes())
        .map_err(|error| error.to_string())?;
    drop(input);
    let output = node.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn an_unknown_field_is_rejected() {
    let good = "{apiVersion: v1, kind: Service, spec: {type: LoadBalancer, ports: [{port: 80, targetPort: http}]}}";
    assert!(strict::<Service>(good).is_ok());
    let error = strict::<Service>(&good.replace("targetPort", "targetport")).unwrap_err();
    assert!(error.ends_with(".targetport"), "{error}");
    assert!(strict::<Service>(&good.replace("80", "eighty")).is_err());
    assert!(strict::<Service>(&good.replace("kind: Service", "kind: service")).is_err());
    assert!(strict::<Service>(&good.replace("{port: 80,", "{port: 80, port: 81,")).is_err());
}

#[test]
fn a_custom_resource_of_the_wrong_type_is_rejected() {
    let route = serde_json::json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "spec": {"rules": [{"backendRefs": [{"name": "a", "port": 80, "weight": 1}]}]},
    });
    assert_eq!(validate(&route), Ok(()));
    let wrong = route.to_string().replace("\"weight\":1", "\"weight\":\"1\"");
    let error = validate(&serde_json::from_str(&wrong).unwrap()).unwrap_err();
    assert!(error.contains("weight must be integer"), "{error}");
}
