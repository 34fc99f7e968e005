//! A workload as it was found, and [`change`]s to it.

mod change;

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::{
    api::core::v1::{Container, PodSpec, PodTemplateSpec, Service},
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use kube::{
    Api, Client,
    api::DynamicObject,
    core::{ApiResource, GroupVersionKind, Selector},
};
use serde_json::Value;

use super::{history::History, release};
use crate::plan::workload::{Kind, WorkloadSettings};

/// Labels and annotations of programs that undo changes to what they have applied.
const MANAGERS: [(&str, &str); 4] = [
    ("argocd.argoproj.io/instance", "Argo CD"),
    ("argocd.argoproj.io/tracking-id", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("helm.toolkit.fluxcd.io/name", "Flux"),
];

/// A workload, with the snapshot of all that scenarios change.
#[derive(Debug, Clone)]
pub struct Workload {
    pub kind: Kind,
    pub name: String,
    pub uid: String,
    /// The number of changes of its spec until it was found.
    generation: Option<i64>,
    /// Its spec, as it was found. It may have fields that this program does not know.
    pub spec: Value,
    /// The spec of its pods, as it was found.
    pub pod: PodSpec,
    pub selector: Selector,
    /// The labels of its pods.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Index of the container that scenarios change.
    container: usize,
    next_image: Option<String>,
    /// How long the application may take to end after SIGTERM, if the plan says so.
    pub shutdown: Option<Duration>,
    /// The HorizontalPodAutoscaler that sets its replicas.
    pub autoscaler: Option<String>,
    /// What applied it and may undo changes to it.
    pub manager: Option<&'static str>,
    /// Its revisions, as they were found.
    pub history: History,
    pub api: Api<DynamicObject>,
}

impl Workload {
    /// Takes the snapshot of a workload.
    pub async fn find(
        client: &Client,
        namespace: &str,
        settings: &WorkloadSettings,
        services: &[Service],
    ) -> Result<Self> {
        let (kind, name) = Kind::split(settings.name.as_ref())?;
        let api = api(client, namespace, kind);
        let object = api
            .get(name)
            .await
            .with_context(|| format!("cannot read {kind}/{name} in namespace {namespace}"))?;
        let mut workload = Self::from_object(kind, &object, settings, services, api)?;
        workload.history = History::snapshot(client, namespace, &workload).await?;
        Ok(workload)
    }

    /// Takes the snapshot of an object, without its history.
    pub fn from_object(
        kind: Kind,
        object: &DynamicObject,
        settings: &WorkloadSettings,
        services: &[Service],
        api: Api<DynamicObject>,
    ) -> Result<Self> {
        let name = object.metadata.name.clone().unwrap_or_default();
        let spec = object.data["spec"].clone();
        let template: PodTemplateSpec = serde_json::from_value(spec["template"].clone())
            .with_context(|| format!("cannot read the pod template of {kind}/{name}"))?;
        let selector: LabelSelector = serde_json::from_value(spec["selector"].clone())?;
        let labels = template.metadata.unwrap_or_default().labels.unwrap_or_default();
        let pod = template.spec.unwrap_or_default();
        let container = match &settings.container {
            None => serving_container(&pod, services, &labels),
            Some(container) => pod
                .containers
                .iter()
                .position(|found| found.name == *container)
                .with_context(|| format!("{kind}/{name} has no container {container:?}"))?,
        };
        let image = pod
            .containers
            .get(container)
            .and_then(|container| container.image.clone());
        let image = image.with_context(|| format!("{kind}/{name} has no container"))?;
        let tagged = settings.next_tag.as_deref().map(|tag| release::with_tag(&image, tag));
        let metadata = &object.metadata;
        let marks = || {
            metadata
                .labels
                .iter()
                .chain(&metadata.annotations)
                .flat_map(|marks| marks.keys())
        };
        Ok(Self {
            kind,
            uid: metadata.uid.clone().unwrap_or_default(),
            generation: metadata.generation,
            selector: selector
                .try_into()
                .with_context(|| format!("the selector of {kind}/{name}"))?,
            labels,
            container,
            next_image: settings.next_image.clone().or(tagged),
            shutdown: settings.shutdown,
            autoscaler: None,
            manager: MANAGERS
                .iter()
                .find(|(mark, _)| marks().any(|found| found == mark))
                .map(|(_, manager)| *manager),
            history: History::default(),
            name,
            spec,
            pod,
            api,
        })
    }

    /// Returns its name with its kind, such as `deployment/shop`.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// Returns the number of replicas, as it was found. That of a DaemonSet is not in its spec.
    pub fn replicas(&self) -> Option<u64> {
        (self.kind != Kind::DaemonSet).then(|| self.spec["replicas"].as_u64().unwrap_or(1))
    }

    /// Returns the container that scenarios change, as it was found.
    pub fn container(&self) -> &Container {
        &self.pod.containers[self.container]
    }

    /// Returns its image, as it was found.
    pub fn image(&self) -> &str {
        self.container().image.as_deref().unwrap_or_default()
    }

    /// Returns the image to roll out.
    pub fn next_image(&self) -> &str {
        self.next_image.as_deref().unwrap_or(self.image())
    }

    /// Returns what else changes the workload, and may get into the way of a scenario.
    pub fn notices(&self) -> Vec<String> {
        let autoscaler = self.autoscaler.as_ref().map(|name| {
            format!(
                "horizontalpodautoscaler/{name} sets the replicas of {}: they are left to it",
                self.reference()
            )
        });
        let manager = self.manager.map(|manager| {
            format!(
                "{manager} manages {} and may undo what scenarios change: suspend it for the run",
                self.reference()
            )
        });
        let history = (!self.history.is_restorable()).then(|| {
            format!(
                "you may not restore the revisions of {}: `kubectl rollout history` will show those that scenarios make",
                self.reference()
            )
        });
        [autoscaler, manager, history].into_iter().flatten().collect()
    }
}

/// Returns the API of a kind of workload.
pub fn api(client: &Client, namespace: &str, kind: Kind) -> Api<DynamicObject> {
    let gvk = GroupVersionKind::gvk("apps", "v1", &format!("{kind:?}"));
    let resource = ApiResource::from_gvk_with_plural(&gvk, kind.plural());
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// Returns whether a Service sends to pods with these labels.
pub fn selects(service: &Service, labels: &std::collections::BTreeMap<String, String>) -> bool {
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    selector.is_some_and(|selector| {
        !selector.is_empty() && selector.iter().all(|(name, value)| labels.get(name) == Some(value))
    })
}

/// Returns the index of the container that has the target port of a Service, or else a readiness probe, or else the first.
fn serving_container(
    pod: &PodSpec,
    services: &[Service],
    labels: &std::collections::BTreeMap<String, String>,
) -> usize {
    let services = services.iter().filter(|service| selects(service, labels));
    let ports = services.flat_map(|service| service.spec.iter().flat_map(|spec| spec.ports.iter().flatten()));
    let mut targets = ports.map(|port| port.target_port.clone().unwrap_or(IntOrString::Int(port.port)));
    let has = |container: &Container, target: &IntOrString| {
        let mut ports = container.ports.iter().flatten();
        ports.any(|port| match target {
            IntOrString::Int(number) => port.container_port == *number,
            IntOrString::String(name) => port.name.as_ref() == Some(name),
        })
    };
    let containers = &pod.containers;
    targets
        .find_map(|target| containers.iter().position(|container| has(container, &target)))
        .or_else(|| {
            containers
                .iter()
                .position(|container| container.readiness_probe.is_some())
        })
        .unwrap_or(0)
}
