//! What `kubectl apply` does to objects that exist.

use std::{
    io::Write,
    process::{Command, Output, Stdio, id},
};

use serde_json::{Value, json};

use crate::{deploy, folder, kubectl, kustomize, named, of_kind};

/// A namespace without load balancers and pods, deleted at the end.
struct Namespace(String);

impl Namespace {
    fn new(test: &str) -> Self {
        let name = format!("k8s-demo-{test}-{}", id());
        succeed(&kubectl(&["create", "namespace", &name]));
        Self(name)
    }

    /// Runs `kubectl` with the objects as its input.
    fn kubectl(&self, arguments: &[&str], objects: &[Value]) -> Output {
        let mut kubectl = Command::new("kubectl")
            .args(["--namespace", &self.0])
            .args(arguments)
            .args(["--filename", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl is here");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let mut input = kubectl.stdin.take().unwrap();
        input.write_all(list.to_string().as_bytes()).unwrap();
        drop(input);
        kubectl.wait_with_output().unwrap()
    }

    fn apply(&self, object: &Value) {
        succeed(&self.kubectl(&["apply"], std::slice::from_ref(object)));
    }

    /// Runs `kubectl COMMAND deployment k8s-demo-backend ARGUMENT`.
    fn backend(&self, command: &str, argument: &str) -> String {
        let deployment = ["--namespace", &self.0, command, "deployment", "k8s-demo-backend"];
        succeed(&kubectl(&[deployment.as_slice(), &[argument]].concat()))
    }

    fn replicas(&self) -> String {
        self.backend("get", "--output=jsonpath={.spec.replicas}")
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        kubectl(&["delete", "namespace", &self.0, "--wait=false"]);
    }
}

fn succeed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A Deployment that is paused from the beginning starts no pods.
fn paused(mut deployment: Value) -> Value {
    deployment["spec"]["paused"] = true.into();
    deployment
}

fn backend_of(manifests: &std::path::Path) -> Value {
    paused(named(&kustomize(manifests), "Deployment", "k8s-demo-backend").clone())
}

#[test]
fn another_apply_changes_nothing_and_a_server_side_one_has_no_conflict() {
    let mut objects: Vec<Value> = kustomize(&deploy("overlays/private"))
        .into_iter()
        .map(|object| {
            if object["kind"] == "Deployment" {
                paused(object)
            } else {
                object
            }
        })
        .collect();
    for (overlay, kind) in [
        ("network-policy", "NetworkPolicy"),
        ("ingress", "Ingress"),
        ("monitoring", "ConfigMap"),
    ] {
        let overlay = kustomize(&deploy("overlays").join(overlay));
        objects.extend(of_kind(&overlay, kind).into_iter().cloned());
    }
    let namespace = Namespace::new("again");
    succeed(&namespace.kubectl(&["apply"], &objects));
    assert_eq!(succeed(&namespace.kubectl(&["diff"], &objects)), "");
    succeed(&namespace.kubectl(&["apply", "--server-side"], &objects));
}

#[test]
fn applying_the_autoscaling_overlay_keeps_the_replicas_of_the_autoscaler() {
    let namespace = Namespace::new("autoscaling");
    namespace.apply(&backend_of(&folder()));
    // The first command of docs/EXPERIMENTS.md, Autoscaling. Without it, one replica would be left.
    namespace.backend("annotate", "kubectl.kubernetes.io/last-applied-configuration-");
    let autoscaled = backend_of(&deploy("overlays/autoscaling"));
    namespace.apply(&autoscaled);
    assert_eq!(namespace.replicas(), "2");
    namespace.backend("scale", "--replicas=7"); // as the autoscaler does
    namespace.apply(&autoscaled);
    assert_eq!(namespace.replicas(), "7");
    namespace.apply(&backend_of(&folder()));
    assert_eq!(namespace.replicas(), "2");
}
