//! A Kubernetes API for tests: one Deployment with its pods on the first of two nodes, and no controllers but what a patch of
//! its replicas or template needs. It remembers what it was asked to change.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// The API server. It ends when it is dropped.
pub struct Api {
    folder: TempDir,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    deployment: Mutex<Value>,
    /// The numbers of the pods. An evicted one is replaced by one with a new number.
    pods: Mutex<Vec<u64>>,
    /// Objects that a test adds, by their path.
    others: Mutex<Vec<(String, Value)>>,
    /// The changes that were asked for, one a line.
    changes: Mutex<Vec<String>>,
    /// What the user may not do, as `verb resource`.
    forbidden: Mutex<Vec<String>>,
    is_broken: watch::Sender<bool>,
    version: watch::Sender<u64>,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Api {
    pub async fn start() -> Self {
        let deployment = json!({
            "metadata": {"name": "shop", "uid": "1", "generation": 1},
            "spec": {
                "replicas": 2, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
                "selector": {"matchLabels": {"app": "shop"}},
                "template": {
                    "metadata": {"labels": {"app": "shop"}},
                    "spec": {"containers": [{"name": "shop", "image": "shop:v1"}]},
                },
            },
        });
        let state = Arc::new(State {
            deployment: Mutex::new(deployment),
            pods: Mutex::new(vec![0, 1]),
            others: Mutex::default(),
            changes: Mutex::default(),
            forbidden: Mutex::default(),
            is_broken: watch::Sender::new(false),
            version: watch::Sender::new(1),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = state.clone();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let state = shared.clone();
                let respond = service_fn(move |request| respond(state.clone(), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), respond));
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "fake", "users": [{"name": "me", "user": {}}],
            "clusters": [{"name": "fake", "cluster": {"server": format!("http://{address}")}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "me", "namespace": "shops"}}],
        });
        std::fs::write(folder.path().join("config"), kubeconfig.to_string()).unwrap();
        Self { folder, state, task }
    }

    pub fn folder(&self) -> std::path::PathBuf {
        self.folder.path().to_owned()
    }

    /// The changes that were asked for, one a line.
    pub fn changes(&self) -> String {
        self.state.changes.lock().unwrap().join("\n")
    }

    pub fn replicas(&self) -> u64 {
        self.state.deployment.lock().unwrap()["spec"]["replicas"]
            .as_u64()
            .unwrap()
    }

    /// Changes the Deployment.
    pub fn edit(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.state.deployment.lock().unwrap());
    }

    /// Adds an object to the list with this path.
    pub fn add(&self, path: &str, object: Value) {
        self.state.others.lock().unwrap().push((path.to_owned(), object));
    }

    /// The user may not do this, such as `create namespaces`.
    pub fn forbid(&self, what: &str) {
        self.state.forbidden.lock().unwrap().push(what.to_owned());
    }

    /// From now on, every request fails.
    pub fn break_down(&self) {
        self.state.is_broken.send_replace(true);
    }
}

impl State {
    fn deployment(&self) -> Value {
        let mut deployment = self.deployment.lock().unwrap().clone();
        let (generation, replicas) = (&deployment["metadata"]["generation"], &deployment["spec"]["replicas"]);
        deployment["status"] = json!({
            "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas,
        });
        deployment
    }

    fn list(&self, path: &str) -> Vec<Value> {
        let mut objects = self.objects(path);
        for object in &mut objects {
            object["metadata"]["resourceVersion"] = json!("1");
        }
        objects
    }

    fn objects(&self, path: &str) -> Vec<Value> {
        let ready = json!({"conditions": [{"type": "Ready", "status": "True"}]});
        let deployment = self.deployment();
        if path.ends_with("/deployments") {
            return vec![deployment];
        }
        if path.ends_with("/nodes") {
            let node = |name: &str| json!({"metadata": {"name": name}, "status": ready});
            return vec![node("node-1"), node("node-2")];
        }
        if path == "/api/v1/namespaces/shops/pods" {
            let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-1", "uid": "2", "controller": true});
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

    /// Applies a JSON patch to the Deployment.
    fn patch(&self, patch: &Value) {
        let mut deployment = self.deployment.lock().unwrap();
        for operation in patch.as_array().unwrap() {
            let path = operation["path"].as_str().unwrap();
            let (parent, field) = path.rsplit_once('/').unwrap();
            deployment.pointer_mut(parent).unwrap()[field] = operation["value"].clone();
        }
        let replicas = deployment["spec"]["replicas"].as_u64().unwrap();
        let mut pods = self.pods.lock().unwrap();
        let next = pods.iter().max().unwrap() + 1;
        pods.extend(next..next + replicas);
        pods.truncate(replicas as usize);
        let generation = deployment["metadata"]["generation"].as_u64().unwrap() + 1;
        deployment["metadata"]["generation"] = json!(generation);
        self.version.send_modify(|version| *version += 1);
    }

    /// Replaces a pod.
    fn evict(&self, name: &str) {
        let number: u64 = name.rsplit('-').next().unwrap().parse().unwrap();
        let mut pods = self.pods.lock().unwrap();
        let next = pods.iter().max().unwrap() + 1;
        pods.retain(|pod| *pod != number);
        pods.push(next);
        self.version.send_modify(|version| *version += 1);
    }

    fn is_allowed(&self, review: &Value) -> bool {
        let asked = &review["spec"]["resourceAttributes"];
        let asked = format!(
            "{} {}",
            asked["verb"].as_str().unwrap(),
            asked["resource"].as_str().unwrap()
        );
        !self.forbidden.lock().unwrap().contains(&asked)
    }
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn respond(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = head.uri.path().to_owned();
    if *state.is_broken.borrow() {
        return Ok(failure(500, "the server is down"));
    }
    let query = head.uri.query().unwrap_or_default();
    if query.contains("watch=true") {
        return Ok(watch(state, path));
    }
    let is_change = head.method != Method::GET && !path.contains("selfsubjectaccessreviews");
    if is_change {
        state
            .changes
            .lock()
            .unwrap()
            .push(format!("{} {path} {body}", head.method));
    }
    let name = path.rsplit('/').next().unwrap();
    Ok(match (head.method.as_str(), name) {
        ("GET", "version") => json_response(&json!({
            "major": "1", "minor": "36", "gitVersion": "v1.36.0", "gitCommit": "", "gitTreeState": "", "buildDate": "",
            "goVersion": "", "compiler": "", "platform": "",
        })),
        ("POST", "selfsubjectaccessreviews") => {
            let allowed = state.is_allowed(&body);
            json_response(&json!({"spec": {}, "status": {"allowed": allowed}}))
        }
        ("PATCH", "shop") => {
            state.patch(&body);
            json_response(&state.deployment())
        }
        ("PATCH", "node-1") => json_response(&json!({"metadata": {"name": "node-1"}})),
        ("POST", "eviction") => {
            state.evict(path.rsplit('/').nth(1).unwrap());
            json_response(&json!({"status": "Success"}))
        }
        ("GET", "shop" | "node-1" | "node-2") => {
            let list = path.rsplit_once('/').unwrap().0;
            let found = state
                .list(list)
                .into_iter()
                .find(|object| object["metadata"]["name"] == name);
            found.map_or_else(|| failure(404, "not found"), |object| json_response(&object))
        }
        ("GET", "deployments" | "pods" | "services" | "nodes" | "replicasets" | "horizontalpodautoscalers") => {
            json_response(&json!({"metadata": {"resourceVersion": "1"}, "items": state.list(&path)}))
        }
        (method, _) => failure(404, &format!("{method} {path} not found")),
    })
}

/// Sends the objects of the list whenever something has changed.
fn watch(state: Arc<State>, path: String) -> Response<Body> {
    let changes = state.version.subscribe();
    let events = stream::unfold(
        (state, changes, path, Vec::<Value>::new()),
        async |(state, mut changes, path, sent)| {
            if !sent.is_empty() && changes.changed().await.is_err() {
                return None;
            }
            let now = state.list(&path);
            let is_there = |object: &Value| {
                now.iter()
                    .any(|other| other["metadata"]["name"] == object["metadata"]["name"])
            };
            let gone = sent.iter().filter(|object| !is_there(object));
            let mut events: Vec<_> = gone
                .map(|object| json!({"type": "DELETED", "object": object}))
                .collect();
            events.extend(now.iter().map(|object| json!({"type": "MODIFIED", "object": object})));
            let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
            if now.is_empty() {
                tokio::time::sleep(Duration::MAX).await; // nothing ever happens in an empty list
            }
            Some((Ok(Frame::data(Bytes::from(lines))), (state, changes, path, now)))
        },
    );
    Response::new(StreamBody::new(events.boxed()).boxed_unsync())
}

fn json_response(value: &Value) -> Response<Body> {
    let body = http_body_util::Full::new(Bytes::from(value.to_string()));
    let mut response = Response::new(body.boxed_unsync());
    response
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    response
}

fn failure(code: u16, message: &str) -> Response<Body> {
    let mut response = json_response(&json!({"status": "Failure", "message": message, "reason": "", "code": code}));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}
