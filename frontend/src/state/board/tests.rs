//! The board after made-up histories of submissions.

use api::{Fault, SubmissionResponse};

use super::*;

/// A board that gets an outcome every 100 ms.
struct History {
    board: Board,
    now: f64,
}

impl History {
    fn new() -> Self {
        let mut board = Board::default();
        board.apply(BoardAction::Started { time_origin: 0.0 });
        Self { board, now: 5_000.0 }
    }

    fn observe(mut self, events: Vec<Event>) -> Self {
        self.now += 100.0;
        self.board.apply(BoardAction::Observed {
            now: self.now,
            throttled: false,
            events,
        });
        self
    }

    /// Lets these pods, written as `pod:version`, answer in turn, `count` times in total.
    fn answered(mut self, count: usize, pods: &[&str]) -> Self {
        for pod in pods.iter().cycle().take(count) {
            let events = vec![Event::Sent, answer(self.now, pod, 1)];
            self = self.observe(events);
        }
        self
    }

    fn lost(mut self, count: usize) -> Self {
        for _ in 0..count {
            let (sent, at) = (self.now, self.now + 50.0);
            self = self.observe(vec![Event::Sent, Event::Lost { sent, at }]);
        }
        self
    }

    fn replica(&self, pod: &str) -> Option<&Replica> {
        self.board.replicas.iter().find(|replica| replica.pod == *pod)
    }

    fn phase(&self) -> Option<RolloutPhase> {
        self.board.rollout.as_ref().map(|rollout| rollout.phase)
    }

    fn marks(&self) -> usize {
        self.board
            .timeline
            .seconds
            .iter()
            .map(|second| second.marks.len())
            .sum()
    }
}

fn answer(at: f64, pod: &str, attempts: u32) -> Event {
    answer_of_process(at, pod, attempts, 0)
}

fn answer_of_process(at: f64, pod: &str, attempts: u32, started_at: u64) -> Event {
    let (pod, version) = pod.split_once(':').unwrap();
    let response = SubmissionResponse {
        message: String::new(),
        name: String::new(),
        pod: pod.to_owned(),
        version: version.to_owned(),
        platform: api::Platform::Kubernetes,
        uptime_seconds: 1,
        started_at,
        faults: true,
    };
    let reply = Reply {
        response,
        millis: 4.0,
        attempts,
        retried_by_nginx: false,
    };
    Event::Answered { at, reply }
}

#[test]
fn every_submission_is_counted_once() {
    let history = History::new().answered(7, &["a:v1"]).lost(2).observe(vec![
        Event::Sent,
        Event::Sent,
        answer(6_000.0, "a:v1", 2),
    ]);
    let expected = Totals {
        answered: 8,
        retried: 1,
        lost: 2,
        in_flight: 1,
    };
    assert_eq!(history.board.totals, expected);
    assert_eq!(history.board.totals.sent(), 11);
}

#[test]
fn after_a_stop_nothing_is_counted() {
    let mut history = History::new().answered(3, &["a:v1"]).observe(vec![Event::Sent]);
    history.board.apply(BoardAction::Stopped);
    let history = history.answered(1, &["a:v1"]);
    assert_eq!((history.board.totals.sent(), history.board.totals.answered), (3, 3));
}

#[test]
fn a_start_begins_a_new_run_at_the_same_rate() {
    let mut history = History::new().answered(3, &["a:v1"]);
    history.board.apply(BoardAction::RateChosen(50));
    history.board.apply(BoardAction::Started { time_origin: 0.0 });
    assert_eq!((history.board.totals, history.board.rate), (Totals::default(), 50));
    assert!(history.board.replicas.is_empty());
}

#[test]
fn a_hidden_page_sends_nothing_and_says_so_afterwards() {
    let mut history = History::new().answered(3, &["a:v1"]);
    history.board.apply(BoardAction::Hidden(true));
    assert!(!history.board.is_sending());
    history.board.apply(BoardAction::Hidden(false));
    assert!(history.board.is_sending() && history.board.was_hidden);
}

#[test]
fn ten_minutes_at_fifty_per_second_keep_one_minute_of_marks() {
    let mut history = History::new();
    for second in 0..600 {
        for tick in 0..10 {
            let now = f64::from(second * 1_000 + tick * 100);
            let events = (0..5)
                .map(|_| answer(now, &format!("pod-{}:v1", second / 5), 1))
                .collect();
            history.now = now;
            history = history.observe(events);
        }
    }
    assert_eq!(history.board.totals.answered, 30_000);
    assert!(history.marks() <= 61 * 50, "{} marks", history.marks());
    assert!(history.board.timeline.seconds.len() <= WINDOW + 1);
    assert!(
        history.board.replicas.len() <= 14,
        "{} replicas",
        history.board.replicas.len()
    );
}

#[test]
fn a_late_report_puts_a_mark_into_its_own_second() {
    let mut history = History::new().answered(1, &["a:v1"]);
    history.now = 7_000.0;
    let history = history.observe(vec![answer(6_250.0, "a:v1", 1)]);
    let sixth = history
        .board
        .timeline
        .seconds
        .iter()
        .find(|second| second.number == 6)
        .unwrap();
    assert_eq!(sixth.marks[0].0, 250);
}

#[test]
fn shares_refer_to_the_last_minute() {
    let history = History::new().answered(400, &["a:v1", "b:v1", "b:v1", "b:v1"]);
    let share = |pod| history.board.share(history.replica(pod).unwrap());
    assert_eq!((share("a"), share("b")), (Some(25), Some(75)));
}

#[test]
fn a_replica_has_no_share_before_its_first_figures() {
    let history = History::new().answered(2, &["a:v1", "b:v1"]);
    let share = |history: &History| history.board.share(history.replica("b").unwrap());
    assert_eq!(share(&history), None);
    assert_eq!(share(&history.answered(18, &["a:v1", "b:v1"])), Some(50));
}

#[test]
fn a_replica_that_no_longer_answers_is_gone_and_leaves_with_its_last_mark() {
    let history = History::new().answered(20, &["a:v1", "b:v1"]);
    let history = history.answered(30, &["b:v1"]);
    assert!(history.replica("a").unwrap().gone && !history.replica("b").unwrap().gone);
    let history = history.answered(700, &["b:v1"]);
    assert!(history.replica("a").is_none());
}

#[test]
fn a_replica_that_stalls_for_a_moment_is_not_gone() {
    let mut history = History::new().answered(20, &["a:v1", "b:v1"]);
    let many = (0..50).map(|_| answer(history.now, "b:v1", 1)).collect();
    history = history.observe(many);
    assert!(!history.replica("a").unwrap().gone);
}

#[test]
fn no_replica_is_gone_while_none_answers() {
    let history = History::new().answered(20, &["a:v1", "b:v1"]).lost(100);
    assert!(history.board.replicas.iter().all(|replica| !replica.gone));
}

#[test]
fn a_single_version_is_not_a_rollout() {
    assert_eq!(History::new().answered(50, &["a:v1", "b:v1"]).phase(), None);
}

#[test]
fn a_second_version_begins_a_rollout_that_ends_when_the_first_is_gone() {
    let history = History::new().answered(10, &["a:v1", "b:v1"]);
    let history = history.answered(40, &["a:v1", "c:v2"]);
    assert_eq!(history.phase(), Some(RolloutPhase::InProgress));
    let history = history.answered(40, &["c:v2", "d:v2"]);
    // c first answered 100 ms after a did, and a last 100 ms before c did.
    assert_eq!(history.phase(), Some(RolloutPhase::Done { took: 3_700.0 }));
    let rollout = history.board.rollout.unwrap();
    assert_eq!((&*rollout.from, &*rollout.to, rollout.lost), ("v1", "v2", 0));
}

#[test]
fn a_loss_during_a_rollout_counts_even_if_it_is_known_only_after_the_end() {
    let history = History::new().answered(10, &["a:v1"]).answered(10, &["a:v1", "b:v2"]);
    let during = history.now;
    let history = history.lost(3).answered(40, &["b:v2"]);
    assert!(matches!(history.phase(), Some(RolloutPhase::Done { .. })));
    let (before, after) = (0.0, history.now);
    let late = [before, during, after].map(|sent| Event::Lost { sent, at: history.now });
    let history = history.observe(late.to_vec());
    assert_eq!(history.board.rollout.unwrap().lost, 4);
}

#[test]
fn a_gap_between_two_versions_and_its_losses_count() {
    let history = History::new().answered(10, &["a:v1"]).lost(20).answered(30, &["b:v2"]);
    assert_eq!(history.phase(), Some(RolloutPhase::Done { took: 2_100.0 }));
    assert_eq!(history.board.rollout.unwrap().lost, 20);
}

#[test]
fn a_rollout_is_undone_when_the_new_version_disappears() {
    let history = History::new().answered(20, &["a:v1", "b:v1"]);
    let history = history.answered(10, &["a:v1", "c:v2"]).answered(60, &["a:v1", "b:v1"]);
    assert_eq!(history.phase(), Some(RolloutPhase::Undone));
}

#[test]
fn a_rollback_is_a_rollout() {
    let history = History::new()
        .answered(20, &["a:v1"])
        .answered(60, &["b:v2"])
        .answered(60, &["c:v1"]);
    let rollout = history.board.rollout.as_ref().unwrap();
    assert_eq!((&*rollout.from, &*rollout.to), ("v2", "v1"));
    assert!(matches!(rollout.phase, RolloutPhase::Done { .. }));
}

impl History {
    /// Lets one pod answer once, from a process that started at this time.
    fn answered_by_process(self, pod: &str, started_at: u64) -> Self {
        let event = answer_of_process(self.now, pod, 1, started_at);
        self.observe(vec![Event::Sent, event])
    }

    fn break_pod(mut self, pod: &str, fault: Fault) -> Self {
        self.board.apply(BoardAction::FaultAnswered {
            pod: pod.to_owned(),
            fault,
            outcome: Ok(self.now),
        });
        self
    }

    fn incident(&self) -> &Incident {
        self.board.incidents.last().unwrap()
    }

    fn marks_of(&self, kind: MarkKind) -> usize {
        let seconds = self.board.timeline.seconds.iter();
        let marks = seconds.flat_map(|second| &second.marks);
        marks.filter(|(_, mark)| mark.kind == kind).count()
    }
}

#[test]
fn a_crashed_replica_has_recovered_when_its_new_process_answers() {
    let history = History::new().answered_by_process("a:v1", 1_000);
    let began = history.now;
    let history = history.break_pod("a", Fault::Crash).lost(3);
    assert!(history.board.incident_of(history.replica("a").unwrap()).is_some());
    // A late response of the old process is not a recovery.
    let history = history
        .answered_by_process("a:v1", 1_000)
        .answered_by_process("a:v1", 6_000);
    let took = history.now - 100.0 - began;
    let recovered = IncidentPhase::Recovered { took, restarted: true };
    assert_eq!((history.incident().phase, history.incident().lost), (recovered, 3));
    assert_eq!(history.replica("a").unwrap().restarts, 1);
    let (broken, recovered) = (MarkKind::Broken { replica: 0 }, MarkKind::Recovered { replica: 0 });
    assert_eq!((history.marks_of(broken), history.marks_of(recovered)), (1, 1));
}

#[test]
fn a_loss_after_the_recovery_does_not_count() {
    let history = History::new().answered_by_process("a:v1", 1_000);
    let history = history
        .break_pod("a", Fault::Crash)
        .lost(1)
        .answered_by_process("a:v1", 6_000);
    assert_eq!(history.lost(5).incident().lost, 1);
}

#[test]
fn a_slow_replica_has_recovered_when_it_answers_after_the_end_of_the_fault() {
    let history = History::new().answered(1, &["a:v1"]).break_pod("a", Fault::Slow);
    let history = history.answered(290, &["a:v1"]);
    assert!(history.incident().is_in_progress());
    let history = history.answered(20, &["a:v1"]);
    assert_eq!(
        history.incident().phase,
        IncidentPhase::Recovered {
            took: 30_000.0,
            restarted: false
        }
    );
}

#[test]
fn a_replica_that_never_answers_again_is_given_up() {
    let history = History::new()
        .answered(20, &["a:v1", "b:v1"])
        .break_pod("a", Fault::NotReady);
    let history = history.answered(800, &["b:v1"]);
    assert!(history.replica("a").is_some_and(|replica| replica.gone));
    let history = history.answered(200, &["b:v1"]);
    assert_eq!(history.incident().phase, IncidentPhase::Gone);
    assert!(history.replica("a").is_none());
}

#[test]
fn a_restart_for_another_reason_is_an_incident_too() {
    let history = History::new().answered_by_process("a:v1", 1_000).lost(2);
    let history = history.answered_by_process("a:v1", 5_500);
    let incident = history.incident();
    assert_eq!((incident.fault, incident.lost), (None, 2));
    assert!(matches!(
        incident.phase,
        IncidentPhase::Recovered { restarted: true, .. }
    ));
}

#[test]
fn the_uptime_is_the_time_since_the_start_of_the_process() {
    let mut history = History::new();
    history.board.apply(BoardAction::Started {
        time_origin: 1_000_000.0,
    });
    let history = history.answered_by_process("a:v1", 1_000_100);
    assert_eq!(history.board.uptime(history.replica("a").unwrap()), Some(5));
}

#[test]
fn a_fault_that_is_not_acknowledged_begins_no_incident() {
    let mut history = History::new().answered(1, &["a:v1"]);
    history.board.apply(BoardAction::FaultAnswered {
        pod: "a".to_owned(),
        fault: Fault::Hang,
        outcome: Err("Faults are off.".to_owned()),
    });
    assert!(history.board.incidents.is_empty());
    assert!(
        history
            .board
            .fault_request
            .is_some_and(|request| request.failure.is_some())
    );
}

impl History {
    /// Lets a pod, written as `pod:version`, say that it is not ready, beside the answers of the pod `a:v1`, for so many seconds.
    fn unready(mut self, pod: &str, seconds: usize) -> Self {
        for _ in 0..seconds {
            self = self.described(pod, false).answered(9, &["a:v1"]);
        }
        self
    }

    fn described(self, pod: &str, ready: bool) -> Self {
        let (pod, version) = pod.split_once(':').unwrap();
        let replica = api::Replica {
            pod: pod.to_owned(),
            version: version.to_owned(),
            ready,
        };
        let at = self.now;
        self.observe(vec![Event::Described { at, replica }])
    }

    fn stuck(&self) -> Option<(&Unready, bool)> {
        self.board.stuck()
    }
}

#[test]
fn a_new_version_that_does_not_become_ready_is_found_after_the_time_that_a_start_takes() {
    let history = History::new().answered(9, &["a:v1"]).unready("b:v2", 3);
    assert_eq!(history.stuck(), None);
    let history = history.unready("b:v2", 4);
    assert_eq!(history.stuck().unwrap().0.version, "v2");
    assert!(history.board.rollout.is_none());
}

#[test]
fn a_replica_that_becomes_ready_is_not_stuck() {
    let history = History::new()
        .unready("b:v2", 3)
        .described("b:v2", true)
        .unready("c:v2", 3);
    assert_eq!(history.stuck(), None);
    assert!(history.answered(10, &["a:v1", "c:v2"]).board.unready.is_none());
}

#[test]
fn a_stuck_version_that_is_undone_is_gone_and_its_losses_stay_counted() {
    let history = History::new().unready("b:v2", 7).lost(2).answered(120, &["a:v1"]);
    let (stuck, gone) = history.stuck().unwrap();
    assert!(gone);
    assert_eq!(stuck.lost, 2);
}

#[test]
fn a_replica_that_has_answered_does_not_count_as_a_broken_release() {
    let history = History::new().answered(2, &["a:v1", "b:v1"]).unready("b:v1", 7);
    assert_eq!(history.stuck(), None);
}

#[test]
fn several_replicas_that_do_not_become_ready_are_found_like_one() {
    let mut history = History::new();
    for _ in 0..7 {
        history = history.unready("b:v2", 1).unready("c:v2", 1);
    }
    let (stuck, gone) = history.stuck().unwrap();
    assert_eq!((stuck.version.as_str(), gone), ("v2", false));
}

#[test]
fn a_replica_that_was_not_ready_for_a_moment_and_ended_is_not_stuck() {
    let history = History::new().unready("b:v2", 1).answered(200, &["a:v1"]);
    assert_eq!(history.stuck(), None);
}
