//! A pod in the cluster that sends the requests, and writes what becomes of them to its log.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{LogParams, PostParams};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};

use crate::{
    cluster::{Cluster, cleanup::Cleanup, node_pod::NAME},
    traffic::{
        client::{Client, Target},
        generator::generate,
        statistics::{Observation, SharedStatistics},
    },
};

/// The variable in which the pod finds what to send.
const JOB: &str = "KUBECTL_CONFIDENCE_JOB";

/// How much longer than for the last response the pod may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// What a pod sends.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    targets: Vec<Target>,
    /// Requests per second and target.
    rate: u32,
}

/// A line of the pod's log: what was seen at which target. The first one has none: sending starts now. Nor has the last one: what
/// follows, such as an error because the container is gone, is the kubelet's.
type Line = Option<(usize, Observation)>;

/// A pod that sends until it is deleted.
pub struct GeneratorPod<'a> {
    cluster: &'a Cluster,
    name: String,
    start: Instant,
}

impl<'a> GeneratorPod<'a> {
    /// Starts the pod, and waits until it runs.
    pub async fn start(cluster: &'a Cluster, image: &str, targets: Vec<Target>, rate: u32) -> Result<Self> {
        let start = Instant::now();
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("{NAME}-{:x}", since_1970.as_millis());
        let longest = targets.iter().map(|target| target.timeout).max().unwrap_or_default() + GRACE;
        let job = serde_json::to_string(&Job { targets, rate })?;
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": name, "labels": {"app.kubernetes.io/name": NAME}},
            "spec": {
                "restartPolicy": "Never", "automountServiceAccountToken": false,
                "terminationGracePeriodSeconds": longest.as_secs(),
                "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": "generator", "image": image, "imagePullPolicy": "IfNotPresent", "args": ["generate"],
                    "env": [{"name": JOB, "value": job}],
                    "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
                    },
                }],
            },
        }))?;
        cluster.add_cleanup(Cleanup::delete::<Pod>(&name));
        let created = cluster.pod_api().create(&PostParams::default(), &pod).await;
        created.context("cannot create the pod that sends requests")?;
        cluster
            .until_phase(&cluster.pod_api(), &name, &["Running", "Succeeded", "Failed"])
            .await?;
        Ok(Self { cluster, name, start })
    }

    /// Records what the pod sees, until it ends.
    pub async fn follow(&self, statistics: &[SharedStatistics]) -> Result<()> {
        let follow = LogParams {
            follow: true,
            ..LogParams::default()
        };
        let log = self.cluster.pod_api().log_stream(&self.name, &follow).await;
        let mut lines = log
            .context("cannot read the log of the pod that sends requests")?
            .lines();
        let mut delay = None;
        while let Some(text) = lines.try_next().await? {
            let line: Line = serde_json::from_str(&text).with_context(|| format!("pod/{}: {text}", self.name))?;
            match line {
                None if delay.is_some() => return Ok(()),
                None => {
                    let started = statistics
                        .first()
                        .map_or(self.start.elapsed(), |seen| seen.since_start(Instant::now()));
                    delay = Some(started);
                }
                Some((target, observation)) => {
                    if let Some(statistics) = statistics.get(target) {
                        statistics.record(observation.delayed(delay.unwrap_or_default()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes the pod stop sending. It ends when it has the last response.
    pub async fn stop(&self) -> Result<()> {
        self.cluster.clean_up(&Cleanup::delete::<Pod>(&self.name)).await
    }
}

/// What the pod does: sends until SIGTERM, and writes what it sees to standard output.
pub async fn send() -> Result<()> {
    let job =
        std::env::var(JOB).with_context(|| format!("{JOB} is not set: this command is for pods of this program"))?;
    let job: Job = serde_json::from_str(&job).with_context(|| format!("{JOB} is not what this version expects"))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (over, is_over) = watch::channel(false);
    let (lines, mut to_write) = mpsc::unbounded_channel::<Line>();
    let start = Instant::now();
    lines.send(None)?;
    let mut generators = JoinSet::new();
    for (index, target) in job.targets.into_iter().enumerate() {
        let lines = lines.clone();
        // The receiver ends only when writing has failed.
        let forward = move |observation| drop(lines.send(Some((index, observation))));
        let client = Client::new(target, SharedStatistics::forwarding(start, forward))?;
        let mut is_over = is_over.clone();
        let until = async move { is_over.wait_for(|over| *over).await.is_ok() };
        generators.spawn(generate(client, job.rate, until));
    }
    drop(lines);
    let writing = tokio::spawn(async move {
        while let Some(line) = to_write.recv().await {
            println!("{}", serde_json::to_string(&line)?);
        }
        println!("{}", serde_json::to_string(&Line::None)?);
        anyhow::Ok(())
    });
    terminate.recv().await;
    over.send_replace(true);
    while generators.join_next().await.is_some() {}
    writing.await?
}
