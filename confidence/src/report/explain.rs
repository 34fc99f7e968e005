//! Says in words why something was lost.

use std::time::Duration;

use super::{Latency, LossReport, PodReport, RouteReport, ScenarioReport};
use crate::{
    plan::scenario::Scenario,
    traffic::{outcome::LossKind, statistics::RouteStatistics},
};

/// How long after the end of a pod its Services may still send to it, in seconds.
const PROPAGATION: f64 = 2.0;

/// A larger p99 in milliseconds needs an explanation where nothing happens, unless most responses are slow.
const MAX_P99_AT_REST: f64 = 100.0;

/// A generator that sends requests this late does not reach its rate.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Kinds of losses, and what they mean: while pods were terminating, if that differs, and otherwise.
const MEANINGS: [(&[LossKind], Option<&str>, &str); 7] = [
    (
        &[LossKind::Refused],
        Some(
            "refused while pods were terminating: a pod stops listening before its Services stop sending to it. Let it listen for \
             some seconds longer, by a preStop sleep or a drain time.",
        ),
        "refused while no pod was terminating: is a pod ready before it listens, or was no pod ready at all?",
    ),
    (
        &[LossKind::ResetBeforeResponse, LossKind::ResetWithinResponse],
        Some(
            "cut off while pods were terminating: the process ended before it had responded to what it had accepted. It needs a \
             graceful shutdown, within the pod's grace period.",
        ),
        "cut off while no pod was terminating: did a process crash?",
    ),
    (
        &[LossKind::Unreachable, LossKind::NoAddress],
        None,
        "sent to an address to which no route leads: its node or pod no longer exists.",
    ),
    (
        &[LossKind::TimedOut],
        None,
        "not responded to in time: was there too little capacity, or did they go to a pod or node that no longer existed?",
    ),
    (
        &[LossKind::GoAway, LossKind::RefusedStream],
        None,
        "not processed, as the server said by GOAWAY or a refused stream: a client that sends them again loses none. The server \
         can avoid it by a GOAWAY that lets streams in flight finish.",
    ),
    (
        &[LossKind::TlsFailed],
        None,
        "not sent because TLS failed: is the certificate right, or does it need --ca or --insecure?",
    ),
    (
        &[LossKind::WrongStatus],
        None,
        "responded to with the wrong status: a 502, 503 or 504 is from a proxy that found no pod to respond.",
    ),
];

/// Returns what the losses and closed connections of a scenario mean, save for expected losses. Times are compared with the
/// states of the pods.
pub fn explanations(scenario: &ScenarioReport) -> Vec<String> {
    let mut explanations = Vec::new();
    let intervals = scenario.routes.iter().flat_map(|route| &route.timeline);
    let closed = |is_counted: &dyn Fn(f64) -> bool| -> u64 {
        let intervals = intervals.clone().filter(|interval| is_counted(interval.at));
        intervals.map(|interval| interval.closed_without_notice).sum()
    };
    let at_end = closed(&|at| overlap_termination(&scenario.pods, at + PROPAGATION, at));
    if closed(&|_| true) > 0 && scenario.scenario != Scenario::Kill {
        explanations.push(match at_end {
            0 => format!(
                "{} closed without notice, while no pod was terminating: does a process crash, or is the server's keep-alive \
                 time below 2 s?",
                were(closed(&|_| true), "connection")
            ),
            _ => format!(
                "{} closed without notice while pods were terminating: the application needs a drain (say \"Connection: \
                 close\" in every response for a while, and only then close).",
                were(at_end, "connection")
            ),
        });
    }
    for (kinds, terminating, otherwise) in MEANINGS {
        let losses = || unexpected(scenario).filter(|loss| kinds.contains(&loss.kind));
        let count: u64 = losses().map(|loss| loss.count).sum();
        let is_at_end = losses().any(|loss| overlap_termination(&scenario.pods, loss.last, loss.first));
        let meaning = terminating.filter(|_| is_at_end).unwrap_or(otherwise);
        if count > 0 {
            explanations.push(format!("{} {meaning}", were(count, "request")));
        }
    }
    if scenario.scenario == Scenario::Steady {
        explanations.extend(scenario.routes.iter().filter_map(trouble_at_rest));
    }
    explanations
}

/// Returns a warning if requests were not sent when they were due: the generator itself was too slow.
pub fn behind(route: &str, seen: &RouteStatistics, rate: u32, took: Duration) -> Option<String> {
    let responded = seen.responses.iter().map(|response| response.due);
    let last = responded.chain(seen.losses.iter().map(|loss| loss.due)).max()?;
    let behind = took.saturating_sub(last);
    (behind > MAX_DELAY).then(|| {
        format!(
            "warning: on {route}, {:.0} of {rate} requests per second were sent: at the end they were {:.1} s late, which is part \
             of their latency. The sender needs more processor time or a lower --rate.",
            seen.sent as f64 / took.as_secs_f64(),
            behind.as_secs_f64()
        )
    })
}

fn unexpected(scenario: &ScenarioReport) -> impl Iterator<Item = &LossReport> {
    let losses = scenario.routes.iter().flat_map(|route| &route.losses);
    losses.filter(|loss| loss.expected.is_none())
}

/// Returns what is wrong with a route already while nothing happens.
fn trouble_at_rest(route: &RouteReport) -> Option<String> {
    let Latency { p50, p99, .. } = route.latency_ms;
    let slow = p99 > MAX_P99_AT_REST && p99 > 10.0 * p50;
    (slow || route.retried > 0).then(|| {
        format!(
            "warning: on {}, requests that a proxy retried: {}, p99: {p99:.0} ms, p50: {p50:.0} ms, although nothing happens to \
             the cluster. Something is wrong already: does a proxy still send to a pod that is gone?",
            route.route, route.retried
        )
    })
}

/// "1 request was", "2 requests were".
fn were(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun} was"),
        _ => format!("{count} {noun}s were"),
    }
}

/// Returns whether a pod was terminating at a time before `last`, and less than the propagation time before `first`.
fn overlap_termination(pods: &[PodReport], last: f64, first: f64) -> bool {
    let mut spans = pods
        .iter()
        .flat_map(|pod| &pod.spans)
        .filter(|span| span.state == "terminating");
    spans.any(|span| last >= span.from && first <= span.until + PROPAGATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::Interval,
        traffic::{
            outcome::{ConnectionKind, Origin, Outcome},
            statistics::Observation,
        },
    };

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
                workload: String::new(),
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
            (&[(LossKind::TimedOut, 2.0)], None, "not responded to in time"),
            (&[(LossKind::Unreachable, 2.0)], None, "no longer exists"),
            (&[(LossKind::GoAway, 2.0)], None, "GOAWAY"),
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

    #[test]
    fn a_rate_that_was_not_reached_is_a_warning() {
        let mut seen = RouteStatistics::default();
        for second in 0..10 {
            let (due, at) = (Duration::from_secs(second), Duration::from_secs(2 * second));
            let outcome = Outcome::Responded(Origin::default());
            seen.record(Observation::Sent);
            seen.record(Observation::Outcome { outcome, due, at });
        }
        assert_eq!(behind("direct", &seen, 1, Duration::from_secs(10)), None);
        let warning = behind("direct", &seen, 2, Duration::from_secs(20)).unwrap();
        assert!(
            warning.contains("0 of 2 requests per second") && warning.contains("11.0 s late"),
            "{warning}"
        );
    }

    #[test]
    fn retries_while_nothing_happens_are_a_warning() {
        let mut scenario = scenario(&[], None);
        scenario.routes[0].retried = 3;
        assert_eq!(explanations(&scenario), Vec::<String>::new());
        scenario.scenario = Scenario::Steady;
        assert!(explanations(&scenario)[0].contains("retried: 3"));
    }

    #[test]
    fn an_expected_loss_needs_no_explanation() {
        let mut scenario = scenario(&[(LossKind::Refused, 2.0)], None);
        scenario.routes[0].losses[0].expected = Some("killed on purpose".to_owned());
        assert_eq!(explanations(&scenario), Vec::<String>::new());
    }
}
