//! What happens to the pods of the Deployments, as it happens.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use serde_json::{Deserializer, Value};
use tokio::{
    io::AsyncReadExt,
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{deployment::Deployment, kubectl::Kubectl};

/// How long to wait before a watch that has ended is started again.
const RESTART_INTERVAL: Duration = Duration::from_secs(1);

/// The pods of all Deployments, kept up to date by `kubectl get --watch`.
#[derive(Debug)]
pub struct Pods {
    current: watch::Receiver<BTreeMap<String, Pod>>,
    history: Arc<Mutex<Vec<PodChange>>>,
    /// The watches. They end with this.
    _watches: JoinSet<()>,
}

/// A pod at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// The name of its Deployment.
    pub deployment: String,
    /// Its node, once it has one.
    pub node: Option<String>,
    /// The image of the Deployment's container.
    pub image: String,
    /// The hash of its pod template: pods of one release have the same.
    pub release: String,
    /// Its state.
    pub state: PodState,
    /// How often its containers were started again.
    pub restarts: u64,
    /// Why a container is waiting, such as `CrashLoopBackOff`.
    pub reason: Option<String>,
    /// The image of that container.
    pub waiting_image: Option<String>,
}

/// The state of a pod, as its clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodState {
    /// Not yet ready for the first time, or no longer.
    NotReady,
    /// In its Services.
    Ready,
    /// Asked to end.
    Terminating,
    /// All its containers have ended: it will not come back.
    Ended,
}

/// A change of a pod.
#[derive(Debug, Clone)]
pub struct PodChange {
    /// When it was seen.
    pub at: Instant,
    /// The pod after the change. `None` if it is gone.
    pub pod: Option<Pod>,
    /// Its name.
    pub name: String,
}

impl Pods {
    /// Watches the pods of these Deployments.
    pub fn watch(kubectl: &Kubectl, deployments: &[Deployment]) -> Self {
        let (sender, current) = watch::channel(BTreeMap::new());
        let sender = Arc::new(sender);
        let history = Arc::<Mutex<Vec<PodChange>>>::default();
        let mut watches = JoinSet::new();
        for deployment in deployments {
            let watch = Watch {
                kubectl: kubectl.clone(),
                deployment: deployment.name.clone(),
                container: deployment.container_name().to_owned(),
                selector: deployment.selector.clone(),
                current: sender.clone(),
                history: history.clone(),
            };
            watches.spawn(watch.run());
        }
        Self {
            current,
            history,
            _watches: watches,
        }
    }

    /// Returns the pods as they are.
    pub fn current(&self) -> Vec<Pod> {
        self.current.borrow().values().cloned().collect()
    }

    /// Returns all changes so far.
    pub fn history(&self) -> Vec<PodChange> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the pods are as described.
    pub async fn until(&self, mut is_so: impl FnMut(&BTreeMap<String, Pod>) -> bool) {
        let mut current = self.current.clone();
        if current.wait_for(|pods| is_so(pods)).await.is_err() {
            // The watches live as long as this: they have not ended.
            std::future::pending::<()>().await;
        }
    }
}

/// One `kubectl get pods --watch`.
struct Watch {
    kubectl: Kubectl,
    deployment: String,
    container: String,
    selector: String,
    current: Arc<watch::Sender<BTreeMap<String, Pod>>>,
    history: Arc<Mutex<Vec<PodChange>>>,
}

impl Watch {
    async fn run(self) {
        loop {
            if let Err(error) = self.follow().await {
                eprintln!("  the watch of the pods has ended and is started again: {error:#}");
            }
            sleep(RESTART_INTERVAL).await;
        }
    }

    /// Reads events until the watch ends. It begins with one event for each pod that there is.
    async fn follow(&self) -> Result<()> {
        let existing = self.kubectl.get(&["pods", "--selector", &self.selector]).await?;
        let names: Vec<_> = super::kubectl::items(&existing)
            .filter_map(|pod| pod["metadata"]["name"].as_str())
            .collect();
        let known: Vec<_> = self.current.borrow().values().cloned().collect();
        for pod in known {
            if pod.deployment == self.deployment && !names.contains(&pod.name.as_str()) {
                self.change(pod.name, None);
            }
        }
        let arguments = ["get", "pods", "--selector", &self.selector];
        let watch = ["--watch", "--output", "json", "--output-watch-events"];
        let mut child = self.kubectl.spawn(&[&arguments[..], &watch[..]].concat())?;
        let mut stdout = child.stdout.take().context("kubectl has no output")?;
        let mut unread = Vec::new();
        while stdout.read_buf(&mut unread).await? > 0 {
            let mut values = Deserializer::from_slice(&unread).into_iter::<Value>();
            for event in values.by_ref().map_while(Result::ok) {
                self.event(&event);
            }
            let read = values.byte_offset();
            unread.drain(..read);
        }
        let mut stderr = String::new();
        if let Some(mut output) = child.stderr.take() {
            output.read_to_string(&mut stderr).await?;
        }
        let status = child.wait().await?;
        anyhow::ensure!(status.success(), "{}", stderr.trim());
        Ok(())
    }

    fn event(&self, event: &Value) {
        let object = &event["object"];
        let Some(name) = object["metadata"]["name"].as_str() else {
            return;
        };
        let is_gone = event["type"] == "DELETED";
        let pod = (!is_gone).then(|| Pod::from_object(object, &self.deployment, &self.container));
        self.change(name.to_owned(), pod);
    }

    fn change(&self, name: String, pod: Option<Pod>) {
        let has_changed = self.current.send_if_modified(|pods| match &pod {
            Some(pod) => pods.insert(name.clone(), pod.clone()).as_ref() != Some(pod),
            None => pods.remove(&name).is_some(),
        });
        if has_changed {
            let at = Instant::now();
            let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
            history.push(PodChange { at, pod, name });
        }
    }
}

impl Pod {
    /// Reads a pod. `container` is the name of the container whose image is its version.
    pub fn from_object(object: &Value, deployment: &str, container: &str) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let statuses = || object["status"]["containerStatuses"].as_array().into_iter().flatten();
        let waiting = statuses().find(|status| status["state"]["waiting"]["reason"].is_string());
        let containers = object["spec"]["containers"].as_array().into_iter().flatten();
        let image = containers.into_iter().find(|found| found["name"] == container);
        let phase = object["status"]["phase"].as_str().unwrap_or_default();
        let state = if object["metadata"]["deletionTimestamp"].is_string() {
            PodState::Terminating
        } else if ["Succeeded", "Failed"].contains(&phase) {
            PodState::Ended
        } else if is_ready(object) {
            PodState::Ready
        } else {
            PodState::NotReady
        };
        Self {
            name: text(&object["metadata"]["name"]).unwrap_or_default(),
            deployment: deployment.to_owned(),
            node: text(&object["spec"]["nodeName"]),
            image: image.and_then(|found| text(&found["image"])).unwrap_or_default(),
            release: text(&object["metadata"]["labels"]["pod-template-hash"]).unwrap_or_default(),
            state,
            restarts: statuses().filter_map(|status| status["restartCount"].as_u64()).sum(),
            reason: waiting.and_then(|status| text(&status["state"]["waiting"]["reason"])),
            waiting_image: waiting.and_then(|status| text(&status["image"])),
        }
    }

    /// Returns the image that the pod waits for and its node cannot get.
    pub fn missing_image(&self) -> Option<&str> {
        let reason = self.reason.as_deref()?;
        [
            "ErrImageNeverPull",
            "ErrImagePull",
            "ImagePullBackOff",
            "InvalidImageName",
        ]
        .contains(&reason)
        .then_some(self.waiting_image.as_deref().unwrap_or(&self.image))
    }
}

/// Returns whether a pod or a node has the condition `Ready`.
pub fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
