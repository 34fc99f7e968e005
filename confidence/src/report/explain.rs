//! Says in words why something was lost, and which settings of a Deployment usually cause losses.

use serde_json::Value;

use super::{PodReport, ScenarioReport};
use crate::{cluster::deployment::Deployment, traffic::outcome::LossKind};

/// How long after the end of a pod its Services may still send to it, in seconds.
const PROPAGATION: f64 = 2.0;

/// Returns what the losses and closed connections of a scenario mean. Times are compared with the states of the pods.
pub fn explanations(scenario: &ScenarioReport) -> Vec<String> {
    let mut explanations = Vec::new();
    let closed: u64 = scenario.routes.iter().map(|route| route.closed_without_notice).sum();
    let at_end = scenario
        .routes
        .iter()
        .flat_map(|route| &route.timeline)
        .filter(|interval| interval.closed_without_notice > 0 && is_terminating(&scenario.pods, interval.at))
        .map(|interval| interval.closed_without_notice)
        .sum::<u64>();
    if closed > 0 {
        explanations.push(match at_end {
            0 => format!(
                "{} closed without notice, while no pod was terminating: does a process crash, or is the server's keep-alive \
                 time below 2 s?",
                were(closed, "connection")
            ),
            _ => format!(
                "{} closed without notice while pods were terminating: the application needs a drain (say \"Connection: \
                 close\" in every response for a while, and only then close).",
                were(at_end, "connection")
            ),
        });
    }
    let count = |kinds: &[LossKind]| -> u64 {
        let losses = scenario.routes.iter().flat_map(|route| &route.losses);
        losses
            .filter(|loss| kinds.contains(&loss.kind))
            .map(|loss| loss.count)
            .sum()
    };
    let overlaps = |kinds: &[LossKind]| {
        let mut losses = scenario.routes.iter().flat_map(|route| &route.losses);
        losses.any(|loss| {
            kinds.contains(&loss.kind)
                && spans(&scenario.pods, "terminating")
                    .any(|(from, until)| loss.first <= until + PROPAGATION && loss.last >= from)
        })
    };
    let refused = [LossKind::Refused, LossKind::Unreachable];
    if count(&refused) > 0 && overlaps(&refused) {
        explanations.push(format!(
            "{} refused while pods were terminating: a pod stops listening before its Services stop sending to it. Let it \
             listen for some seconds longer, by a preStop sleep or a drain time.",
            were(count(&refused), "request")
        ));
    } else if count(&refused) > 0 {
        explanations.push(format!(
            "{} refused while no pod was terminating: is a pod ready before it listens, or was no pod ready at all?",
            were(count(&refused), "request")
        ));
    }
    let reset = [LossKind::ResetBeforeResponse, LossKind::ResetWithinResponse];
    if count(&reset) > 0 && overlaps(&reset) {
        explanations.push(format!(
            "{} cut off while pods were terminating: the process ended before it had answered what it had accepted. It \
             needs a graceful shutdown, within the pod's grace period.",
            were(count(&reset), "request")
        ));
    } else if count(&reset) > 0 {
        explanations.push(format!(
            "{} cut off while no pod was terminating: did a process crash?",
            were(count(&reset), "request")
        ));
    }
    let timed_out = count(&[LossKind::TimedOut]);
    if timed_out > 0 {
        explanations.push(format!(
            "{} not answered in time: was there too little capacity, or did they go to a node or pod that no longer existed?",
            were(timed_out, "request")
        ));
    }
    let rejected = count(&[LossKind::WrongStatus]);
    if rejected > 0 {
        explanations.push(format!(
            "{} answered with the wrong status: a 502, 503 or 504 is from a proxy that found no pod to answer.",
            were(rejected, "request")
        ));
    }
    explanations
}

/// Returns the settings of a Deployment that usually cause losses, from what its manifest says.
pub fn advice(deployment: &Deployment) -> Vec<String> {
    let mut advice = Vec::new();
    let container = deployment.container();
    if container["readinessProbe"].is_null() {
        advice.push(
            "no readinessProbe: a new pod gets requests as soon as its process has started, whether or not it listens"
                .to_owned(),
        );
    }
    let grace = deployment.pod()["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
    let pre_stop = &container["lifecycle"]["preStop"];
    let sleep = pre_stop_seconds(pre_stop).unwrap_or(0);
    let shutdown = deployment.shutdown.map_or(0, |time| time.as_secs());
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
    if pre_stop.is_null() {
        advice.push(
            "no preStop: SIGTERM arrives while Services still send to the pod. Unless the application itself keeps accepting \
             for some seconds, a preStop sleep is needed"
                .to_owned(),
        );
    }
    let strategy = &deployment.spec["strategy"];
    let unavailable = &strategy["rollingUpdate"]["maxUnavailable"];
    if strategy["type"] == "Recreate" {
        advice.push("strategy Recreate: all old pods end before the first new one starts".to_owned());
    } else if max_unavailable(unavailable, deployment.replicas()) > 0 {
        let (value, replicas) = (text(unavailable), deployment.replicas());
        advice.push(format!(
            "maxUnavailable is {value} of {replicas} replicas: old pods end before new ones are ready, and the rest must serve \
             everything"
        ));
    }
    if deployment.replicas() < 2 {
        advice.push(
            "one replica: when it is deleted, evicted or dies, nothing serves until another one is ready".to_owned(),
        );
    }
    advice
}

/// Returns how long a preStop hook sleeps, if it is a sleep.
fn pre_stop_seconds(pre_stop: &Value) -> Option<u64> {
    if let Some(seconds) = pre_stop["sleep"]["seconds"].as_u64() {
        return Some(seconds);
    }
    let words = pre_stop["exec"]["command"].as_array()?.iter().filter_map(Value::as_str);
    let words: Vec<_> = words.flat_map(str::split_whitespace).collect();
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

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// "1 request was", "2 requests were".
fn were(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun} was"),
        _ => format!("{count} {noun}s were"),
    }
}

fn is_terminating(pods: &[PodReport], at: f64) -> bool {
    spans(pods, "terminating").any(|(from, until)| (from - PROPAGATION..=until + PROPAGATION).contains(&at))
}

fn spans<'a>(pods: &'a [PodReport], state: &'a str) -> impl Iterator<Item = (f64, f64)> + 'a {
    let spans = pods.iter().flat_map(|pod| &pod.spans);
    spans
        .filter(move |span| span.state == state)
        .map(|span| (span.from, span.until))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        plan::deployment::Deployment as Wanted,
        report::{Interval, LossReport, RouteReport},
        scenarios::Scenario,
        traffic::outcome::ConnectionKind,
    };

    fn deployment(spec: Value) -> Deployment {
        let wanted = Wanted {
            name: toml::Spanned::new(0..0, "shop".to_owned()),
            container: None,
            next_image: None,
            next_tag: None,
            shutdown: None,
        };
        Deployment::from_object(&json!({"spec": spec}), &wanted).unwrap()
    }

    #[test]
    fn settings_that_cause_losses_are_named() {
        let careless = deployment(json!({
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

    #[test]
    fn careful_settings_are_not_named() {
        let careful = deployment(json!({
            "replicas": 2, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}},
            "template": {"spec": {"containers": [{
                "name": "shop", "image": "shop:v1", "readinessProbe": {"tcpSocket": {"port": 80}},
                "lifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
            }]}},
        }));
        assert_eq!(advice(&careful), Vec::<String>::new());
    }

    #[test]
    fn a_pre_stop_longer_than_the_grace_period_is_named() {
        for hook in [
            json!({"sleep": {"seconds": 40}}),
            json!({"exec": {"command": ["sleep", "40"]}}),
            json!({"exec": {"command": ["sh", "-c", "/bin/sleep 40s"]}}),
        ] {
            let deployment = deployment(json!({"replicas": 2, "template": {"spec": {"containers": [{
                "name": "shop", "image": "shop:v1", "readinessProbe": {}, "lifecycle": {"preStop": hook},
            }]}}}));
            assert!(advice(&deployment).join("\n").contains("preStop (40 s)"));
        }
    }

    #[test]
    fn a_shutdown_longer_than_the_grace_period_is_named() {
        let mut deployment = deployment(json!({"replicas": 2, "template": {"spec": {"containers": [{
            "name": "shop", "image": "shop:v1", "readinessProbe": {},
        }]}}}));
        assert!(!advice(&deployment).join("\n").contains("GracePeriod"));
        deployment.shutdown = Some(std::time::Duration::from_secs(30));
        assert!(
            advice(&deployment)
                .join("\n")
                .contains("the application's shutdown (30 s)")
        );
    }

    /// A scenario with one pod that terminates from second 10 to 12, and losses or closed connections at a time.
    fn scenario(losses: &[(LossKind, f64)], closed_at: Option<f64>) -> ScenarioReport {
        let span = crate::report::Span {
            from: 10.0,
            until: 12.0,
            state: "terminating",
        };
        let loss = |&(kind, at): &(LossKind, f64)| LossReport {
            kind,
            connection: ConnectionKind::New,
            detail: String::new(),
            count: 3,
            first: at,
            last: at + 0.5,
            expected: None,
        };
        let interval = closed_at.map(|at| Interval {
            at,
            closed_without_notice: 12,
            ..Interval::default()
        });
        let route = RouteReport {
            closed_without_notice: interval.as_ref().map_or(0, |interval| interval.closed_without_notice),
            losses: losses.iter().map(loss).collect(),
            timeline: interval.into_iter().collect(),
            ..RouteReport::default()
        };
        ScenarioReport {
            scenario: Scenario::Rollout,
            title: String::new(),
            description: Scenario::Rollout.description(),
            is_control: false,
            seconds: 20.0,
            routes: vec![route],
            events: Vec::new(),
            pods: vec![PodReport {
                name: String::new(),
                deployment: String::new(),
                node: None,
                image: String::new(),
                release: String::new(),
                spans: vec![span],
            }],
            explanations: Vec::new(),
            failure: None,
        }
    }

    #[test]
    fn losses_are_explained_by_what_the_pods_did_at_the_time() {
        for (losses, closed, explanation) in [
            (
                &[][..],
                Some(11.0),
                "12 connections were closed without notice while pods were terminating: the application needs a drain",
            ),
            (&[], Some(2.0), "closed without notice, while no pod was terminating"),
            (
                &[(LossKind::Refused, 11.0)],
                None,
                "3 requests were refused while pods were terminating",
            ),
            (
                &[(LossKind::Refused, 2.0)],
                None,
                "refused while no pod was terminating",
            ),
            (
                &[(LossKind::ResetBeforeResponse, 11.0)],
                None,
                "needs a graceful shutdown",
            ),
            (&[(LossKind::ResetWithinResponse, 2.0)], None, "did a process crash?"),
            (&[(LossKind::TimedOut, 2.0)], None, "not answered in time"),
            (&[(LossKind::WrongStatus, 2.0)], None, "502"),
        ] {
            let explanations = explanations(&scenario(losses, closed));
            assert!(
                explanations.len() == 1 && explanations[0].contains(explanation),
                "{explanations:?}"
            );
        }
        assert_eq!(explanations(&scenario(&[], None)), Vec::<String>::new());
    }
}
