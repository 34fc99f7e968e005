//! What the API server has, and what its controllers would do.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::watch;

/// How many pods there are before anything is changed.
const PODS: u64 = 2;

const REVISIONS: &str = "/apis/apps/v1/namespaces/shops/controllerrevisions";
const FIRST_REVISION: &str = "shop-1";

pub struct State {
    /// The kind of the workload.
    pub kind: &'static str,
    pub workload: Mutex<Value>,
    /// The numbers of the pods. An evicted one is replaced by one with a new number.
    pods: Mutex<Vec<u64>>,
    /// Other objects, each with the path of its list.
    pub others: Mutex<Vec<(String, Value)>>,
    /// The changes that were asked for, one a line.
    pub changes: Mutex<Vec<String>>,
    /// What the user may not do, as `verb resource`.
    pub forbidden: Mutex<Vec<String>>,
    /// Locked while a change of the workload is made.
    pub changing: Arc<tokio::sync::Mutex<()>>,
    pub is_broken: watch::Sender<bool>,
    pub is_stuck: watch::Sender<bool>,
    pub version: watch::Sender<u64>,
}

impl State {
    /// Returns a new API with `shop` of this kind.
    pub fn new(kind: &'static str) -> Self {
        let mut workload = json!({
            "metadata": {"name": "shop", "uid": "1", "generation": 1},
            "spec": {
                "revisionHistoryLimit": 10, "selector": {"matchLabels": {"app": "shop"}},
                "template": {
                    "metadata": {"labels": {"app": "shop"}},
                    "spec": {"containers": [{"name": "shop", "image": "shop:v1"}]},
                },
            },
        });
        if kind != "DaemonSet" {
            workload["spec"]["replicas"] = json!(PODS);
        }
        let state = Self {
            kind,
            workload: Mutex::new(workload),
            pods: Mutex::new((0..PODS).collect()),
            others: Mutex::default(),
            changes: Mutex::default(),
            forbidden: Mutex::default(),
            changing: Arc::default(),
            is_broken: watch::Sender::new(false),
            is_stuck: watch::Sender::new(false),
            version: watch::Sender::new(1),
        };
        state.number_revision();
        state
    }

    /// Returns the workload, with the status that its controller gives it.
    pub fn workload(&self) -> Value {
        let mut workload = self.workload.lock().unwrap().clone();
        let replicas = workload["spec"]["replicas"].clone();
        let newest = self.revisions().into_iter().max_by_key(|(_, number)| *number);
        let newest = newest.map(|(name, _)| name).unwrap_or_default();
        let is_stuck = *self.is_stuck.borrow() && newest != FIRST_REVISION;
        let updated = if is_stuck { json!(0) } else { replicas.clone() };
        let current = if is_stuck { FIRST_REVISION } else { &newest };
        workload["status"] = match self.kind {
            "DaemonSet" => {
                json!({"desiredNumberScheduled": PODS, "updatedNumberScheduled": PODS, "numberAvailable": PODS})
            }
            "StatefulSet" => json!({
                "replicas": replicas, "readyReplicas": replicas, "updatedReplicas": updated,
                "currentRevision": current, "updateRevision": newest,
            }),
            _ => json!({"replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas}),
        };
        workload["status"]["observedGeneration"] = workload["metadata"]["generation"].clone();
        workload
    }

    /// Returns the objects of a list, or the one of this name.
    pub fn list(&self, path: &str, name: Option<&str>) -> Vec<Value> {
        let mut objects = self.objects(path);
        objects.retain(|object| name.is_none_or(|name| object["metadata"]["name"] == name));
        for object in &mut objects {
            object["metadata"]["resourceVersion"] = json!("1");
        }
        objects
    }

    /// Returns names and numbers of the ControllerRevisions.
    pub fn revisions(&self) -> Vec<(String, u64)> {
        let of = |revision: Value| {
            let name = revision["metadata"]["name"].as_str().unwrap().to_owned();
            (name, revision["revision"].as_u64().unwrap())
        };
        self.objects(REVISIONS).into_iter().map(of).collect()
    }

    /// Gives the revision of the template the highest number, as the controllers of StatefulSets and DaemonSets do.
    fn number_revision(&self) {
        if self.kind == "Deployment" {
            return;
        }
        let template = self.workload.lock().unwrap()["spec"]["template"].clone();
        let next = self.revisions().iter().map(|(_, number)| *number).max().unwrap_or(0) + 1;
        let mut others = self.others.lock().unwrap();
        let mut known = others.iter_mut().filter(|(list, _)| list == REVISIONS);
        match known.find(|(_, revision)| revision["data"] == template) {
            Some((_, revision)) if revision["revision"] == next - 1 => (),
            Some((_, revision)) => revision["revision"] = json!(next),
            None => {
                let owner = json!({"apiVersion": "apps/v1", "kind": self.kind, "name": "shop", "uid": "1"});
                let metadata = json!({
                    "name": format!("shop-{next}"), "labels": {"app": "shop"}, "ownerReferences": [owner],
                });
                let revision = json!({"metadata": metadata, "data": template, "revision": next});
                others.push((REVISIONS.to_owned(), revision));
            }
        }
    }

    /// Gives a revision this number, or deletes it.
    pub fn restore_revision(&self, name: &str, number: Option<u64>) {
        let mut others = self.others.lock().unwrap();
        match number {
            None => others.retain(|(_, object)| object["metadata"]["name"] != name),
            Some(number) => {
                let mut others = others.iter_mut();
                let (_, revision) = others.find(|(_, object)| object["metadata"]["name"] == name).unwrap();
                revision["revision"] = json!(number);
            }
        }
    }

    fn objects(&self, path: &str) -> Vec<Value> {
        let ready = json!({"conditions": [{"type": "Ready", "status": "True"}]});
        if path.ends_with(&format!("/{}s", self.kind.to_lowercase())) {
            return vec![self.workload()];
        }
        if path.ends_with("/nodes") {
            let node = |name: &str| json!({"metadata": {"name": name}, "status": ready});
            return vec![node("node-1"), node("node-2")];
        }
        if path == "/api/v1/namespaces/shops/pods" {
            let (kind, name) = match self.kind {
                "Deployment" => ("ReplicaSet", "shop-1"),
                kind => (kind, "shop"),
            };
            let owner = json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "2", "controller": true});
            let pod = |index: u64| {
                json!({
                    "metadata": {
                        "name": format!("shop-1-{index}"), "uid": index.to_string(), "ownerReferences": [owner],
                        "labels": {"app": "shop", "pod-template-hash": "1"},
                    },
                    "spec": {"nodeName": "node-1", "containers": [{"name": "shop", "image": "shop:v1"}]},
                    "status": {"phase": "Running", "conditions": ready["conditions"]},
                })
            };
            let pods = self.pods.lock().unwrap();
            let others = self.others.lock().unwrap();
            let others = others
                .iter()
                .filter(|(list, _)| list == path)
                .map(|(_, object)| object.clone());
            return pods.iter().copied().map(pod).chain(others).collect();
        }
        let others = self.others.lock().unwrap();
        others
            .iter()
            .filter(|(list, _)| list == path)
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// Applies a JSON patch to the workload.
    pub fn patch(&self, patch: &Value) {
        let mut workload = self.workload.lock().unwrap();
        for operation in patch.as_array().unwrap() {
            let path = operation["path"].as_str().unwrap();
            let (parent, field) = path.rsplit_once('/').unwrap();
            workload.pointer_mut(parent).unwrap()[field] = operation["value"].clone();
        }
        let replicas = workload["spec"]["replicas"].as_u64().unwrap_or(PODS);
        let generation = workload["metadata"]["generation"].as_u64().unwrap() + 1;
        workload["metadata"]["generation"] = json!(generation);
        drop(workload);
        self.number_revision();
        let mut pods = self.pods.lock().unwrap();
        let next = pods.iter().max().unwrap() + 1;
        pods.extend(next..next + replicas);
        pods.truncate(replicas as usize);
        self.version.send_modify(|version| *version += 1);
    }

    /// Replaces a pod.
    pub fn evict(&self, name: &str) {
        let number: u64 = name.rsplit('-').next().unwrap().parse().unwrap();
        let mut pods = self.pods.lock().unwrap();
        let next = pods.iter().max().unwrap() + 1;
        pods.retain(|pod| *pod != number);
        pods.push(next);
        self.version.send_modify(|version| *version += 1);
    }

    pub fn is_allowed(&self, review: &Value) -> bool {
        let asked = &review["spec"]["resourceAttributes"];
        let asked = format!(
            "{} {}",
            asked["verb"].as_str().unwrap(),
            asked["resource"].as_str().unwrap()
        );
        !self.forbidden.lock().unwrap().contains(&asked)
    }
}
