//! Replicas that are broken on purpose, or restarted.

use super::*;

#[test]
fn a_replica_that_acknowledges_a_crash_or_a_freeze_answers_no_longer() {
    for (fault, banner) in [
        (Fault::Crash, "aaa is restarting: 1 replica answers"),
        (Fault::Hang, "aaa is frozen: 1 replica answers"),
    ] {
        let mut history = History::new().answered(5, &V1).broken("b-aaa", fault);
        assert_eq!(history.banner(), banner);
        // The process sent this one before.
        let late = history.answer_of(V1[0], 1, 1);
        history.observe(vec![late]);
        assert_eq!(history.banner(), banner);
    }
}

#[test]
fn a_frozen_replica_that_is_not_restarted_answers_again_afterwards() {
    let history = History::new().answered(5, &V1).broken("b-aaa", Fault::Hang);
    let history = history.answered(61, &V1[1..]).answered(1, &V1);
    assert_eq!(history.banner(), "2 replicas answer");
}

#[test]
fn a_crash_is_a_restart_until_the_replica_is_back_with_a_new_process() {
    let history = History::new()
        .answered(5, &V1)
        .broken("b-aaa", Fault::Crash)
        .answered(5, &V1[1..]);
    assert_eq!(history.banner(), "aaa is restarting: 1 replica answers");
    assert_eq!(history.phases()[0], ("aaa", Phase::Restarting));
    let mut history = history;
    let back = history.answer_of(V1[0], 1, 2);
    history.observe(vec![Observation::Sent, back]);
    assert_eq!(history.log()[0], "aaa crashed, back after 5.0 s, 0 lost");
    assert_eq!(
        (history.cluster.replicas[0].restarts, history.banner().as_str()),
        (1, "2 replicas answer")
    );
}

#[test]
fn a_restart_that_nobody_asked_for_is_recognised_by_its_new_process() {
    let mut history = History::new().answered(5, &V1).answered(5, &V1[1..]);
    let back = history.answer_of(V1[0], 1, 2);
    history.observe(vec![Observation::Sent, back]);
    assert!(
        history.log()[0].starts_with("aaa was restarted, back after "),
        "{:?}",
        history.log()
    );
    assert!(
        history.cluster.replicas[0]
            .spans
            .iter()
            .any(|span| span.phase == Phase::Restarting)
    );
}

#[test]
fn what_an_outage_costs_is_not_said_again_by_the_replicas_that_were_restarted_meanwhile() {
    let mut history = History::new().answered(5, &V1).lost(5);
    for pod in V1 {
        let back = history.answer_of(pod, 1, 2);
        history.observe(vec![Observation::Sent, back]);
    }
    let log = history.log();
    assert!(log[0].starts_with("No replica answered for "), "{log:?}");
}

#[test]
fn a_slow_replica_says_for_how_long_and_what_it_cost() {
    let mut history = History::new()
        .answered(5, &V1)
        .broken("b-aaa", Fault::Slow)
        .answered(7, &V1);
    assert_eq!(history.banner(), "aaa answers slowly, for 23 s more");
    let at = history.now;
    history.observe(vec![Observation::Sent, Observation::Retried { at }]);
    let history = history.answered(24, &V1);
    let last = history.cluster.log.events.front().unwrap();
    assert_eq!((last.text.as_str(), last.retried), ("aaa answered slowly for 30 s", 1));
}

#[test]
fn a_fault_that_could_not_be_injected_is_said() {
    let mut history = History::new().answered(5, &V1);
    history.cluster.apply(ClusterAction::FaultInjected {
        pod: "b-aaa".to_owned(),
        fault: Fault::Slow,
        outcome: Err("faults are turned off".to_owned()),
    });
    assert_eq!(
        history.log()[0],
        "aaa could not be broken: faults are turned off, 0 lost"
    );
}
