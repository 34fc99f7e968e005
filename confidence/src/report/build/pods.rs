//! The states of the pods during a scenario.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use crate::{
    cluster::pods::{ObservedPod, PodChange},
    report::{PodReport, Span},
};

/// Returns the states of all pods between `start` and the end of the scenario.
pub fn pods(changes: &[PodChange], start: Instant, took: Duration) -> Vec<PodReport> {
    let end = took.as_secs_f64();
    let since_start = |at: Instant| match at.checked_duration_since(start) {
        Some(after) => after.as_secs_f64(),
        None => 0.0,
    };
    let names: BTreeSet<_> = changes.iter().map(|change| change.name.as_str()).collect();
    let mut reports: Vec<PodReport> = Vec::new();
    for name in names {
        let history: Vec<_> = changes.iter().filter(|change| change.name == name).collect();
        let mut spans: Vec<Span> = Vec::new();
        for (index, change) in history.iter().enumerate() {
            let Some(pod) = &change.pod else { continue };
            let until = history.get(index + 1).map_or(end, |next| since_start(next.at)).min(end);
            let from = since_start(change.at);
            if until <= from {
                continue;
            }
            let state = pod.state.name();
            match spans.last_mut() {
                Some(last) if last.state == state => last.until = until,
                _ => spans.push(Span { from, until, state }),
            }
        }
        let last: Option<&ObservedPod> = history.iter().rev().find_map(|change| change.pod.as_ref());
        if let (Some(pod), false) = (last, spans.is_empty()) {
            reports.push(PodReport {
                name: name.to_owned(),
                workload: pod.workload.clone(),
                node: pod.node.clone(),
                image: pod.image.clone(),
                release: pod.release.clone(),
                spans,
            });
        }
    }
    let begin = |pod: &PodReport| pod.spans.first().map_or(0.0, |span| span.from);
    reports.sort_by(|a, b| a.workload.cmp(&b.workload).then(begin(a).total_cmp(&begin(b))));
    reports
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::pods::PodState;

    fn pod(state: PodState) -> Option<ObservedPod> {
        Some(ObservedPod {
            uid: String::new(),
            name: "shop-1".to_owned(),
            workload: "deployment/shop".to_owned(),
            node: Some("node-1".to_owned()),
            image: "shop:v1".to_owned(),
            release: "1".to_owned(),
            state,
            restarts: 0,
            reason: None,
            waiting_image: None,
        })
    }

    #[test]
    fn the_states_of_a_pod_are_clipped_to_the_scenario() {
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let change = |seconds, pod| PodChange {
            at: after(seconds),
            pod,
            name: "shop-1".to_owned(),
        };
        let changes = [
            change(0, pod(PodState::NotReady)),
            change(5, pod(PodState::Ready)),
            change(12, pod(PodState::Terminating)),
            change(15, None),
        ];
        let span = |from, until, state| Span { from, until, state };
        let reports = pods(&changes, after(10), Duration::from_secs(20));
        assert_eq!(
            reports[0].spans,
            [span(0.0, 2.0, "ready"), span(2.0, 5.0, "terminating")]
        );
        assert!(pods(&changes, after(16), Duration::from_secs(20)).is_empty());
        assert_eq!(
            pods(&changes, after(0), Duration::from_secs(3))[0].spans,
            [span(0.0, 3.0, "not-ready")]
        );
    }
}
