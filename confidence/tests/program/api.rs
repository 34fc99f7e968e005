//! A Kubernetes API for tests: one workload with its pods on the first of two nodes, and no controllers but what a patch of its
//! replicas or template needs. It remembers what it was asked to change.

mod state;

use std::{convert::Infallible, sync::Arc, time::Duration};

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
use tokio::{net::TcpListener, sync::OwnedMutexGuard, task::JoinHandle};

use self::state::State;

/// The API server. It ends when it is dropped.
pub struct Api {
    folder: TempDir,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Api {
    /// Starts an API server with `deployment/shop`.
    pub async fn start() -> Self {
        Self::start_with("Deployment").await
    }

    /// Starts an API server with a workload of this kind.
    pub async fn start_with(kind: &'static str) -> Self {
        let state = Arc::new(State::new(kind));
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

    /// Returns the name of the workload with its kind.
    pub fn workload(&self) -> String {
        format!("{}/shop", self.state.kind.to_lowercase())
    }

    /// The changes that were asked for, one a line.
    pub fn changes(&self) -> String {
        self.state.changes.lock().unwrap().join("\n")
    }

    pub fn replicas(&self) -> u64 {
        self.state.workload.lock().unwrap()["spec"]["replicas"]
            .as_u64()
            .unwrap()
    }

    /// Returns names and numbers of the ControllerRevisions.
    pub fn revisions(&self) -> Vec<(String, u64)> {
        self.state.revisions()
    }

    /// Changes the workload.
    pub fn edit(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.state.workload.lock().unwrap());
    }

    /// From now on, no new release ever gets ready.
    pub fn get_stuck(&self) {
        self.state.is_stuck.send_replace(true);
    }

    /// Adds an object to the list with this path.
    pub fn add(&self, path: &str, object: Value) {
        self.state.others.lock().unwrap().push((path.to_owned(), object));
    }

    /// The user may not do this, such as `create namespaces`.
    pub fn forbid(&self, what: &str) {
        self.state.forbidden.lock().unwrap().push(what.to_owned());
    }

    /// From now on, changes of the workload are held: they are made when this is dropped, even if the client has left.
    pub async fn hold_changes(&self) -> OwnedMutexGuard<()> {
        self.state.changing.clone().lock_owned().await
    }

    /// From now on, every request fails.
    pub fn break_down(&self) {
        self.state.is_broken.send_replace(true);
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
    let named = query
        .split('&')
        .find_map(|field| field.strip_prefix("fieldSelector=metadata.name%3D"));
    let named = named.map(str::to_owned);
    if query.contains("watch=true") {
        return Ok(watch(state, path, named));
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
            // Like a real API server, it makes a change whose client has left.
            let change = tokio::spawn(async move {
                let _turn = state.changing.lock().await;
                state.patch(&body);
                json_response(&state.workload())
            });
            change.await.unwrap()
        }
        ("PATCH" | "DELETE", _) if path.contains("/controllerrevisions/") => {
            state.restore_revision(name, body["revision"].as_u64());
            json_response(&json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success"}))
        }
        ("PATCH", "node-1") => json_response(&json!({"metadata": {"name": "node-1"}})),
        ("DELETE", _) if path.contains("/pods/") => {
            state.evict(name);
            json_response(&json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success"}))
        }
        ("POST", "eviction") => {
            state.evict(path.rsplit('/').nth(1).unwrap());
            json_response(&json!({"status": "Success"}))
        }
        ("GET", "shop" | "node-1" | "node-2") => {
            let list = path.rsplit_once('/').unwrap().0;
            let found = state.list(list, Some(name)).pop();
            found.map_or_else(|| failure(404, "not found"), |object| json_response(&object))
        }
        (
            "GET",
            "deployments"
            | "statefulsets"
            | "daemonsets"
            | "pods"
            | "services"
            | "nodes"
            | "replicasets"
            | "controllerrevisions"
            | "horizontalpodautoscalers",
        ) => {
            let items = state.list(&path, named.as_deref());
            json_response(&json!({"metadata": {"resourceVersion": "1"}, "items": items}))
        }
        (method, _) => failure(404, &format!("{method} {path} not found")),
    })
}

/// Sends the objects of the list whenever something has changed.
fn watch(state: Arc<State>, path: String, named: Option<String>) -> Response<Body> {
    let changes = state.version.subscribe();
    let events = stream::unfold(
        (state, changes, path, named, Vec::<Value>::new()),
        async |(state, mut changes, path, named, sent)| {
            if !sent.is_empty() && changes.changed().await.is_err() {
                return None;
            }
            let now = state.list(&path, named.as_deref());
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
            Some((Ok(Frame::data(Bytes::from(lines))), (state, changes, path, named, now)))
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
