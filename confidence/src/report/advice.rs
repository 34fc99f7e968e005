//! The settings of a workload that usually cause losses, from what its manifest says.

use k8s_openapi::api::core::v1::LifecycleHandler;
use serde_json::Value;

use crate::cluster::workload::Workload;

/// Returns the settings of a workload that usually cause losses.
pub fn advice(workload: &Workload) -> Vec<String> {
    let mut advice = Vec::new();
    let container = workload.container();
    if container.readiness_probe.is_none() {
        advice.push(format!(
            "container {} has no readinessProbe: a new pod gets requests as soon as its process has started, whether or not it \
             listens",
            container.name
        ));
    }
    let grace = workload.pod.termination_grace_period_seconds.unwrap_or(30);
    let pre_stop = container
        .lifecycle
        .as_ref()
        .and_then(|lifecycle| lifecycle.pre_stop.as_ref());
    let sleep = pre_stop.and_then(seconds_of_sleep).unwrap_or(0);
    let shutdown = workload.shutdown.map_or(0, |time| time.as_secs() as i64);
    if sleep + shutdown >= grace && sleep + shutdown > 0 {
        advice.push(format!(
            "terminationGracePeriodSeconds is {grace}, and preStop ({sleep} s) and the application's shutdown ({shutdown} s) need \
             more together: the process is killed before it has finished"
        ));
    } else if grace < 10 {
        advice.push(format!(
            "terminationGracePeriodSeconds is {grace}: a pod that still drains is killed"
        ));
    }
    if pre_stop.is_none() {
        advice.push(
            "no preStop: SIGTERM arrives while Services still send to the pod. Unless the application itself keeps accepting \
             for some seconds, a preStop sleep is needed"
                .to_owned(),
        );
    }
    let Some(replicas) = workload.replicas() else {
        return advice;
    };
    let strategy = &workload.spec["strategy"];
    let unavailable = &strategy["rollingUpdate"]["maxUnavailable"];
    if strategy["type"] == "Recreate" {
        advice.push("strategy Recreate: all old pods end before the first new one starts".to_owned());
    } else if max_unavailable(unavailable, replicas) > 0 {
        let value = unavailable
            .as_str()
            .map_or_else(|| unavailable.to_string(), str::to_owned);
        advice.push(format!(
            "maxUnavailable is {value} with replicas: {replicas}: old pods end before new ones are ready, and the rest must serve \
             everything"
        ));
    }
    if replicas < 2 {
        advice.push(
            "one replica: when it is deleted, evicted or dies, nothing serves until another one is ready".to_owned(),
        );
    }
    advice
}

/// Returns how long a preStop hook sleeps, if it is a sleep.
fn seconds_of_sleep(pre_stop: &LifecycleHandler) -> Option<i64> {
    if let Some(sleep) = &pre_stop.sleep {
        return Some(sleep.seconds);
    }
    let words = pre_stop.exec.as_ref()?.command.as_ref()?.iter();
    let words: Vec<_> = words.flat_map(|word| word.split_whitespace()).collect();
    let sleep = words.iter().position(|word| word.rsplit('/').next() == Some("sleep"))?;
    words.get(sleep + 1)?.trim_end_matches('s').parse().ok()
}

/// Returns how many replicas `maxUnavailable` allows to be missing. Kubernetes rounds a percentage down.
fn max_unavailable(value: &Value, replicas: u64) -> u64 {
    let percent = value
        .as_str()
        .and_then(|text| text.strip_suffix('%')?.parse::<u64>().ok());
    match percent {
        Some(percent) => replicas * percent / 100,
        None => value.as_u64().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::tests::workload;

    #[tokio::test]
    async fn settings_that_cause_losses_are_named() {
        let careless = workload(json!({
            "replicas": 1, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
            "template": {"spec": {"terminationGracePeriodSeconds": 5, "containers": [{"name": "shop", "image": "shop:v1"}]}},
        }));
        let advice = advice(&careless).join("\n");
        for setting in [
            "readinessProbe",
            "terminationGracePeriodSeconds is 5",
            "no preStop",
            "100%",
            "one replica",
        ] {
            assert!(advice.contains(setting), "{setting}: {advice}");
        }
    }

    #[tokio::test]
    async fn careful_settings_are_not_named() {
        let careful = workload(json!({
            "replicas": 2, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}},
            "template": {"spec": {"containers": [{
                "name": "shop", "image": "shop:v1", "readinessProbe": {"tcpSocket": {"port": 80}},
                "lifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
            }]}},
        }));
        assert_eq!(advice(&careful), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_pre_stop_longer_than_the_grace_period_is_named() {
        for hook in [
            json!({"sleep": {"seconds": 40}}),
            json!({"exec": {"command": ["sleep", "40"]}}),
            json!({"exec": {"command": ["sh", "-c", "/bin/sleep 40s"]}}),
        ] {
            let workload = workload(json!({"replicas": 2, "template": {"spec": {"containers": [{
                "name": "shop", "image": "shop:v1", "readinessProbe": {}, "lifecycle": {"preStop": hook},
            }]}}}));
            assert!(advice(&workload).join("\n").contains("preStop (40 s)"));
        }
    }

    #[tokio::test]
    async fn a_shutdown_longer_than_the_grace_period_is_named() {
        let mut workload = workload(json!({"replicas": 2, "template": {"spec": {"containers": [{
            "name": "shop", "image": "shop:v1", "readinessProbe": {},
        }]}}}));
        assert!(!advice(&workload).join("\n").contains("GracePeriod"));
        workload.shutdown = Some(std::time::Duration::from_secs(30));
        assert!(
            advice(&workload)
                .join("\n")
                .contains("the application's shutdown (30 s)")
        );
    }
}
