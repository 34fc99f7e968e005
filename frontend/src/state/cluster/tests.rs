//! What the page says after made-up histories of submissions.

use api::{Fault, SubmissionResponse};

use super::*;

/// A page that observes something every 100 ms.
struct History {
    cluster: Cluster,
    now: f64,
}

impl History {
    fn new() -> Self {
        let mut cluster = Cluster::default();
        let (at, midnight) = (1_000.0, 50_558_000.0);
        cluster.apply(ClusterAction::Started { at, midnight });
        Self { cluster, now: at }
    }

    fn observe(&mut self, observations: Vec<Observation>) {
        self.now += 100.0;
        let now = self.now;
        self.cluster.apply(ClusterAction::Observed { now, observations });
    }

    fn answer_of(&self, pod: &str, attempts: u32, started_at: u64) -> Observation {
        let (pod, version) = pod.split_once(':').unwrap();
        let response = SubmissionResponse {
            message: String::new(),
            name: String::new(),
            pod: pod.to_owned(),
            version: version.to_owned(),
            platform: Platform::Kubernetes,
            started_at,
            uptime_seconds: 7,
            faults: true,
        };
        let reply = Reply {
            response,
            millis: 4.0,
            attempts,
            retried_by_nginx: false,
        };
        Observation::Answered { at: self.now, reply }
    }

    /// Lets these pods, written as `pod:version`, answer in turn for so many seconds.
    fn answered(mut self, seconds: usize, pods: &[&str]) -> Self {
        for pod in pods.iter().cycle().take(10 * seconds) {
            let answer = self.answer_of(pod, 1, 1);
            self.observe(vec![Observation::Sent, answer]);
        }
        self
    }

    /// Loses every submission for so many seconds. Each is known to be lost two seconds after it was sent.
    fn lost(mut self, seconds: usize) -> Self {
        for _ in 0..10 * seconds {
            let (sent, at) = (self.now - 2_000.0, self.now);
            self.observe(vec![
                Observation::Sent,
                Observation::Retried { at },
                Observation::Lost { sent, at },
            ]);
        }
        self
    }

    fn described(mut self, pod: &str, ready: bool) -> Self {
        let (pod, version) = pod.split_once(':').unwrap();
        let replica = api::Replica {
            pod: pod.to_owned(),
            version: version.to_owned(),
            ready,
            platform: Platform::Kubernetes,
        };
        let at = self.now;
        self.observe(vec![Observation::Described { at, replica }]);
        self
    }

    fn broken(mut self, pod: &str, fault: Fault) -> Self {
        self.cluster.apply(ClusterAction::FaultInjected {
            pod: pod.to_owned(),
            fault,
            outcome: Ok(self.now),
        });
        self
    }

    fn banner(&self) -> String {
        let Banner { text, running, .. } = banner(&self.cluster);
        text + &running
    }

    fn kind(&self) -> Kind {
        banner(&self.cluster).kind
    }

    /// Returns the events, newest first, each with its losses.
    fn log(&self) -> Vec<String> {
        let events = self.cluster.log.events.iter();
        events
            .map(|event| format!("{}, {} lost", event.text, event.lost))
            .collect()
    }

    fn phases(&self) -> Vec<(&str, Phase)> {
        let replicas = self.cluster.replicas.iter();
        replicas
            .map(|replica| (replica.short_name(), replica.phase()))
            .collect()
    }
}

const V1: [&str; 2] = ["b-aaa:v1", "b-bbb:v1"];
const V2: [&str; 2] = ["c-ccc:v2", "c-ddd:v2"];

#[test]
fn replicas_that_answer_are_counted() {
    let history = History::new().answered(2, &V1);
    assert_eq!(
        (history.banner().as_str(), history.kind()),
        ("2 replicas answer", Kind::Ok)
    );
    assert_eq!(
        history.log(),
        [
            "2 replicas answer, 0 lost",
            "Started, 10 submissions per second, 0 lost"
        ]
    );
    assert_eq!(History::new().answered(2, &V1[..1]).banner(), "1 replica answers");
}

#[test]
fn an_outage_comes_before_everything_else_and_has_its_losses() {
    let history = History::new().answered(4, &V1).answered(4, &[V1[0], V2[0]]).lost(12);
    assert_eq!(history.banner(), "No replica answers, for 12 s");
    assert_eq!(history.kind(), Kind::Bad);
    assert_eq!(history.log()[0], "No replica answers, 101 lost", "{:?}", history.log());
    assert!(
        history.phases().iter().all(|(_, phase)| *phase == Phase::Gone),
        "{:?}",
        history.phases()
    );

    let history = history.answered(1, &V1);
    assert_eq!(history.banner(), "120 were lost. 2 replicas answer");
    assert!(
        history
            .log()
            .iter()
            .any(|event| event.starts_with("No replica answered for 12 s, 1"))
    );
}

#[test]
fn a_release_that_takes_over_through_an_outage_has_lost_submissions() {
    let history = History::new().answered(5, &V1).lost(10).answered(8, &V2);
    let taken_over = history
        .log()
        .into_iter()
        .find(|event| event.starts_with("v2 took over"));
    assert!(!taken_over.unwrap().ends_with(" 0 lost"), "{:?}", history.log());
}

#[test]
fn a_rollout_is_a_headline_with_its_progress_and_its_end() {
    let history = History::new().answered(5, &V1).answered(3, &[V1[0], V1[1], V2[0]]);
    assert_eq!(history.banner(), "v2 is taking over: 1 of 3 replicas");
    assert_eq!(
        (history.kind(), banner(&history.cluster).version),
        (Kind::Change, Some(1))
    );
    let seen = |history: &History| history.cluster.sightings[Sign::Rollout as usize].clone().unwrap();
    assert!(seen(&history).ongoing);

    let history = history.answered(6, &V2);
    assert_eq!(history.banner(), "v2 took over in 2.6 s, nothing lost");
    assert_eq!((seen(&history).ongoing, seen(&history).lost), (false, 0));
    assert_eq!(history.log()[0], "v2 took over in 2.6 s, 0 lost");
    assert_eq!(history.answered(11, &V2).banner(), "2 replicas answer");
}

#[test]
fn a_rollback_and_a_third_version_keep_their_colours() {
    let history = History::new()
        .answered(5, &V1)
        .answered(8, &V2)
        .answered(8, &["d-eee:v1"]);
    assert_eq!(history.cluster.versions, ["v1", "v2"]);
    assert!(history.log().iter().any(|event| event.starts_with("v1 answers again")));
    let history = history.answered(8, &["e-fff:v3"]);
    assert!(history.banner().starts_with("v3 took over in "), "{}", history.banner());
    assert_eq!(history.cluster.versions.len(), 3);
}

#[test]
fn a_retried_submission_is_not_lost() {
    let mut history = History::new().answered(3, &V1);
    let answer = history.answer_of(V1[0], 2, 1);
    let at = history.now;
    history.observe(vec![Observation::Sent, Observation::Retried { at }, answer]);
    let history = history.answered(1, &V1);
    assert_eq!((history.cluster.totals.retried, history.cluster.totals.lost), (1, 0));
    assert_eq!(
        history
            .cluster
            .window
            .last(60)
            .filter(|mark| *mark == Mark::Retried)
            .count(),
        1
    );
    assert_eq!(history.cluster.window.lost(), 0);
}

#[test]
fn more_replicas_are_an_event_once_none_of_them_has_replaced_another() {
    let five = ["b-aaa:v1", "b-bbb:v1", "b-ccc:v1", "b-ddd:v1", "b-eee:v1"];
    let history = History::new().answered(5, &V1).answered(4, &five);
    assert_eq!(history.log()[0], "3 more replicas answer, 0 lost");
    let ongoing = |history: &History| {
        history.cluster.sightings[Sign::More as usize]
            .as_ref()
            .map(|seen| seen.ongoing)
    };
    assert_eq!(ongoing(&history), Some(true));
    assert_eq!(ongoing(&history.answered(10, &five)), Some(false));
}

#[test]
fn a_deleted_pod_is_replaced_whichever_is_noticed_first() {
    let new_first = History::new().answered(5, &V1).answered(1, &[V1[0], V1[1], "b-ccc:v1"]);
    let old_first = History::new().answered(5, &V1).answered(6, &V1[1..]);
    for history in [new_first, old_first] {
        let history = history.answered(12, &[V1[1], "b-ccc:v1"]);
        let seen = &history.cluster.sightings;
        let text = seen[Sign::Replaced as usize].as_ref().map(|seen| seen.text.as_str());
        assert_eq!(text, Some("aaa ended, ccc took its place"));
        assert_eq!(seen[Sign::More as usize], None);
        assert!(
            history.log().contains(&"aaa has ended: it drained, 0 lost".to_owned()),
            "{:?}",
            history.log()
        );
    }
}

#[test]
fn a_broken_release_is_reported_while_the_old_one_keeps_answering() {
    for (broken, expected) in [
        ("c-ccc:v2", "v2 has not become ready: v1 keeps answering"),
        (
            "c-ccc:v1",
            "A new replica has not become ready: the others keep answering",
        ),
    ] {
        let mut history = History::new().answered(3, &V1);
        for _ in 0..6 {
            history = history.described(broken, false).answered(2, &V1);
        }
        assert_eq!((history.banner().as_str(), history.kind()), (expected, Kind::Warn));
        assert!(history.cluster.sightings[Sign::NeverReady as usize].is_some());
        assert_eq!(history.phases()[2], ("ccc", Phase::Starting));
        // It is undone.
        let history = history.answered(10, &V1);
        assert_eq!(history.banner(), "2 replicas answer");
        assert!(history.log()[0].starts_with("ccc is gone: it never became ready"));
    }
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

#[test]
fn the_uptime_is_what_the_replica_says_whatever_the_viewers_clock_says() {
    let history = History::new().answered(3, &V1[..1]);
    assert_eq!(history.cluster.replicas[0].uptime(history.now + 5_000.0), Some(12));
}

#[test]
fn the_share_leaves_out_replicas_that_are_gone() {
    let history = History::new().answered(20, &V1).answered(12, &V1[1..]);
    let shares: Vec<u32> = history.cluster.replicas.iter().map(|replica| replica.share).collect();
    assert_eq!(shares, [0, 100]);
}

#[test]
fn a_pause_while_the_page_is_hidden_is_an_event_and_no_outage() {
    let mut history = History::new().answered(5, &V1);
    let hide = |history: &mut History, hidden| {
        let at = history.now;
        history.cluster.apply(ClusterAction::Hidden { hidden, at });
    };
    hide(&mut history, true);
    assert!(history.cluster.is_paused());
    history.now += 60_000.0;
    hide(&mut history, false);
    let history = history.answered(1, &V1);
    assert_eq!(history.log()[0], "Paused for 60 s: this page was hidden, 0 lost");
    assert_eq!(history.banner(), "2 replicas answer");
}

#[test]
fn a_rollout_that_the_page_was_told_about_and_does_not_see_is_said() {
    let mut history = History::new().answered(3, &V1);
    history.cluster.apply(ClusterAction::Copied(1));
    let history = history.answered(31, &V1);
    assert!(
        history.log()[0].starts_with("No news of the rollout for 30 s."),
        "{:?}",
        history.log()
    );
}

#[test]
fn the_sum_of_a_run_is_said_when_it_is_stopped() {
    let mut history = History::new().answered(3, &V1).lost(1);
    history.cluster.apply(ClusterAction::Stopped);
    assert_eq!(history.banner(), "Stopped. 40 sent, 10 lost");
    assert_eq!(history.kind(), Kind::Was);
}

#[test]
fn the_shares_add_up_and_a_loss_is_a_hole() {
    let history = History::new().answered(10, &V1).lost(1);
    let points = shares(&history.cluster.window, &history.cluster.replicas);
    let full = points.iter().find(|point| point.at == 8_000).unwrap();
    assert_eq!(full.ends[1], 1_000);
    assert!(points.last().unwrap().ends[1] < 800, "{points:?}");
}

#[test]
fn the_state_is_bounded() {
    let mut history = History::new();
    for round in 0..40 {
        let pods: Vec<String> = (0..4).map(|pod| format!("b-{round}{pod}:v{round}")).collect();
        history = history.answered(10, &pods.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let cluster = &history.cluster;
    assert!(cluster.replicas.len() <= 40, "{}", cluster.replicas.len());
    assert!(cluster.replicas.iter().all(|replica| replica.spans.len() <= 3));
    assert_eq!(cluster.window.seconds.len(), WINDOW + 1);
}
