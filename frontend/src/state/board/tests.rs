//! Made-up histories, and what the board makes of them.

use api::SubmissionResponse;

use super::*;

/// A board on which submissions are answered or lost, one each 100 ms.
struct History {
    board: Board,
    now: f64,
}

impl History {
    fn new() -> Self {
        let mut board = Board::default();
        board.apply(BoardAction::Started);
        Self { board, now: 5_000.0 }
    }

    fn observe(mut self, events: Vec<Event>) -> Self {
        self.now += 100.0;
        self.board.apply(BoardAction::Observed {
            now: self.now,
            held_back: false,
            events,
        });
        self
    }

    /// These pods, each written as `pod:version`, answer in turn, so many times in all.
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

    fn phase(&self) -> Option<Phase> {
        self.board.rollout.as_ref().map(|rollout| rollout.phase)
    }

    fn marks(&self) -> usize {
        self.board.tape.seconds.iter().map(|second| second.marks.len()).sum()
    }
}

fn answer(at: f64, pod: &str, tries: u32) -> Event {
    let (pod, version) = pod.split_once(':').unwrap();
    let answer = SubmissionResponse {
        message: String::new(),
        pod: pod.to_owned(),
        version: version.to_owned(),
        started_at: 1,
        faults: false,
    };
    let reply = Reply {
        answer,
        millis: 4.0,
        tries,
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
        under_way: 1,
    };
    assert_eq!(history.board.totals, expected);
    assert_eq!(history.board.totals.sent(), 11);
}

#[test]
fn a_stop_counts_nothing_that_comes_after_it() {
    let mut history = History::new().answered(3, &["a:v1"]).observe(vec![Event::Sent]);
    history.board.apply(BoardAction::Stopped);
    let history = history.answered(1, &["a:v1"]);
    assert_eq!((history.board.totals.sent(), history.board.totals.answered), (3, 3));
}

#[test]
fn a_new_start_is_a_new_run_at_the_same_rate() {
    let mut history = History::new().answered(3, &["a:v1"]);
    history.board.apply(BoardAction::RateChosen(50));
    history.board.apply(BoardAction::Started);
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
fn ten_minutes_at_fifty_a_second_keep_one_minute_of_marks() {
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
    assert!(history.board.tape.seconds.len() <= WINDOW + 1);
    assert!(
        history.board.replicas.len() <= 14,
        "{} replicas",
        history.board.replicas.len()
    );
}

#[test]
fn a_mark_stands_in_its_own_second_even_if_it_is_told_late() {
    let mut history = History::new().answered(1, &["a:v1"]);
    history.now = 7_000.0;
    let history = history.observe(vec![answer(6_250.0, "a:v1", 1)]);
    let sixth = history
        .board
        .tape
        .seconds
        .iter()
        .find(|second| second.number == 6)
        .unwrap();
    assert_eq!(sixth.marks[0].0, 250);
}

#[test]
fn shares_are_of_the_last_minute() {
    let history = History::new().answered(400, &["a:v1", "b:v1", "b:v1", "b:v1"]);
    let share = |pod| history.board.share(history.replica(pod).unwrap());
    assert_eq!((share("a"), share("b")), (Some(25), Some(75)));
}

#[test]
fn a_replica_has_no_share_before_there_are_figures_of_it() {
    let history = History::new().answered(2, &["a:v1", "b:v1"]);
    let share = |history: &History| history.board.share(history.replica("b").unwrap());
    assert_eq!(share(&history), None);
    assert_eq!(share(&history.answered(18, &["a:v1", "b:v1"])), Some(50));
}

#[test]
fn a_silent_replica_fades_and_leaves_with_its_last_mark() {
    let history = History::new().answered(20, &["a:v1", "b:v1"]);
    let history = history.answered(30, &["b:v1"]);
    assert!(history.replica("a").unwrap().gone && !history.replica("b").unwrap().gone);
    let history = history.answered(700, &["b:v1"]);
    assert!(history.replica("a").is_none());
}

#[test]
fn a_replica_that_stalls_for_a_moment_is_not_gone_however_many_answers_it_misses() {
    let mut history = History::new().answered(20, &["a:v1", "b:v1"]);
    let many = (0..50).map(|_| answer(history.now, "b:v1", 1)).collect();
    history = history.observe(many);
    assert!(!history.replica("a").unwrap().gone);
}

#[test]
fn nobody_is_thought_gone_while_nobody_answers() {
    let history = History::new().answered(20, &["a:v1", "b:v1"]).lost(100);
    assert!(history.board.replicas.iter().all(|replica| !replica.gone));
}

#[test]
fn one_version_alone_is_no_rollout() {
    assert_eq!(History::new().answered(50, &["a:v1", "b:v1"]).phase(), None);
}

#[test]
fn a_second_version_begins_a_rollout_which_ends_when_the_first_is_gone() {
    let history = History::new().answered(10, &["a:v1", "b:v1"]);
    let history = history.answered(40, &["a:v1", "c:v2"]);
    assert_eq!(history.phase(), Some(Phase::UnderWay));
    let history = history.answered(40, &["c:v2", "d:v2"]);
    // c first answered 100 ms after a did, and a last 100 ms before c did.
    assert_eq!(history.phase(), Some(Phase::Done { took: 3_700.0 }));
    let rollout = history.board.rollout.unwrap();
    assert_eq!((&*rollout.from, &*rollout.to, rollout.lost), ("v1", "v2", 0));
}

#[test]
fn what_is_lost_in_a_rollout_counts_even_if_it_is_known_only_after_the_end() {
    let history = History::new().answered(10, &["a:v1"]).answered(10, &["a:v1", "b:v2"]);
    let during = history.now;
    let history = history.lost(3).answered(40, &["b:v2"]);
    assert!(matches!(history.phase(), Some(Phase::Done { .. })));
    let (before, after) = (0.0, history.now);
    let late = [before, during, after].map(|sent| Event::Lost { sent, at: history.now });
    let history = history.observe(late.to_vec());
    assert_eq!(history.board.rollout.unwrap().lost, 4);
}

#[test]
fn a_gap_between_two_versions_counts_with_all_that_was_lost_in_it() {
    let history = History::new().answered(10, &["a:v1"]).lost(20).answered(30, &["b:v2"]);
    assert_eq!(history.phase(), Some(Phase::Done { took: 2_100.0 }));
    assert_eq!(history.board.rollout.unwrap().lost, 20);
}

#[test]
fn a_version_that_goes_again_was_no_take_over() {
    let history = History::new().answered(20, &["a:v1", "b:v1"]);
    let history = history.answered(10, &["a:v1", "c:v2"]).answered(60, &["a:v1", "b:v1"]);
    assert_eq!(history.phase(), Some(Phase::Undone));
}

#[test]
fn a_rollback_is_a_rollout_too() {
    let history = History::new()
        .answered(20, &["a:v1"])
        .answered(60, &["b:v2"])
        .answered(60, &["c:v1"]);
    let rollout = history.board.rollout.as_ref().unwrap();
    assert_eq!((&*rollout.from, &*rollout.to), ("v2", "v1"));
    assert!(matches!(rollout.phase, Phase::Done { .. }));
}
