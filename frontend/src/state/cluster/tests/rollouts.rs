//! Versions that come and go.

use super::*;

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

    let history = history.answered(8, &V2);
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
        for _ in 0..30 {
            history = history.described(V1[0], true).answers(V1);
        }
        assert_eq!(history.banner(), "2 replicas answer");
        assert!(history.log()[0].starts_with("ccc is gone: it never became ready"));
    }
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
