//! Replicas that come and go, losses, and the sums.

use super::*;

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
fn a_service_that_picks_at_random_ends_no_replica() {
    let pods: Vec<String> = (0..8).map(|pod| format!("b-{pod}:v1")).collect();
    let mut random = fastrand::Rng::with_seed(1);
    let mut pick = || pods[random.usize(..pods.len())].as_str();
    let mut history = History::new().answers(pods.iter().map(String::as_str));
    for _ in 0..2_000 {
        history = history.answers([pick(), pick(), pick()]).described(pick(), true);
    }
    assert_eq!(history.log().len(), 2, "{:?}", history.log());
}

#[test]
fn replicas_that_answer_after_an_outage_are_a_new_beginning() {
    let history = History::new().answered(5, &V1).lost(12);
    let history = history.answered(2, &["b-ccc:v1", "b-ddd:v1"]);
    let log = history.log();
    assert_eq!(log[0], "2 replicas answer, 0 lost");
    assert!(log[1].starts_with("No replica answered for 12 s, "), "{log:?}");
    assert_eq!(history.cluster.sightings, [const { None }; Sign::COUNT]);
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
            history
                .log()
                .contains(&"aaa gets no more submissions, 0 lost".to_owned()),
            "{:?}",
            history.log()
        );
    }
}

#[test]
fn a_replica_that_was_added_earlier_does_not_take_the_place_of_a_deleted_one() {
    let history = History::new()
        .answered(5, &V1)
        .answered(15, &[V1[0], V1[1], "b-ccc:v1"]);
    let history = history.answered(6, &[V1[1], "b-ccc:v1"]);
    let history = history.answered(6, &[V1[1], "b-ccc:v1", "b-ddd:v1"]);
    let seen = history.cluster.sightings[Sign::Replaced as usize].as_ref();
    assert_eq!(
        seen.map(|seen| seen.text.as_str()),
        Some("aaa ended, ddd took its place")
    );
}

#[test]
fn the_uptime_is_what_the_replica_says_whatever_the_viewers_clock_says() {
    let history = History::new().answered(3, &V1[..1]);
    assert_eq!(history.cluster.replicas[0].uptime(history.now + 5_000.0), Some(12));
}

#[test]
fn the_shares_in_percent_make_a_hundred() {
    let pods = [
        "b-a:v1", "b-b:v1", "b-c:v1", "b-d:v1", "b-e:v1", "b-f:v1", "b-g:v1", "b-h:v1",
    ];
    let history = History::new().answered(20, &pods);
    let shares: Vec<u32> = history.cluster.replicas.iter().map(|replica| replica.share).collect();
    assert_eq!(shares.iter().sum::<u32>(), 100, "{shares:?}");
    assert!(shares.iter().all(|share| (12..=14).contains(share)), "{shares:?}");
}

#[test]
fn the_share_leaves_out_replicas_that_are_gone() {
    let history = History::new().answered(20, &V1).answered(6, &V1[1..]);
    assert_eq!(history.cluster.replicas[0].phase(), Phase::Gone);
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
fn the_sum_of_a_run_is_said_when_it_is_stopped() {
    let mut history = History::new().answered(3, &V1).lost(1);
    history.cluster.apply(ClusterAction::Stopped);
    assert_eq!(history.banner(), "Stopped. 40 sent, 10 lost");
    assert_eq!(history.kind(), Kind::Was);
}

#[test]
fn the_shares_add_up_and_a_loss_is_a_hole() {
    let history = History::new().answered(10, &V1).lost(1);
    let points = shares(&history.cluster.window, &history.cluster.replicas, history.cluster.now);
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
