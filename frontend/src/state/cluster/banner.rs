//! The banner: what is true now, in one sentence. The first rule that applies wins.

use api::Fault;

use super::{Cluster, Kind, Phase, RolloutEnd, fault::words, membership::answer};
use crate::state::text::{grouped, seconds};

/// How long the end of a rollout stays the headline, in milliseconds.
const NEWS_TIME: f64 = 10_000.0;

/// How long after the last loss replicas answer again, in milliseconds.
const CALM_TIME: f64 = 3_000.0;

/// The headline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// How serious it is.
    pub kind: Kind,
    /// The sentence.
    pub text: String,
    /// What follows on the screen and is not announced, because it changes each second.
    pub running: String,
    /// The number of the version whose colour it has.
    pub version: Option<usize>,
}

/// Returns the banner.
pub fn banner(cluster: &Cluster) -> Banner {
    let say = |kind, text: String| Banner {
        kind,
        text,
        running: String::new(),
        version: None,
    };
    if !cluster.running {
        let (sent, lost) = (grouped(cluster.totals.sent()), grouped(cluster.totals.lost));
        let kind = if cluster.totals.lost > 0 { Kind::Was } else { Kind::Ok };
        return say(kind, format!("Stopped. {sent} sent, {lost} lost"));
    }
    outage(cluster)
        .or_else(|| losses(cluster))
        .or_else(|| never_ready(cluster))
        .or_else(|| fault(cluster))
        .or_else(|| rollout(cluster))
        .unwrap_or_else(|| match cluster.answering().count() {
            0 => say(Kind::Ok, "Waiting for the first answer".to_owned()),
            number => say(Kind::Ok, answer(number)),
        })
}

fn outage(cluster: &Cluster) -> Option<Banner> {
    let (since, _) = cluster.outage?;
    Some(Banner {
        kind: Kind::Bad,
        text: "No replica answers".to_owned(),
        running: format!(", for {} s", ((cluster.now - since) / 1_000.0) as u32),
        version: None,
    })
}

fn losses(cluster: &Cluster) -> Option<Banner> {
    let last = cluster.window.last_lost()?;
    let (lost, answering) = (cluster.window.lost(), answer(cluster.answering().count()));
    let was = if lost == 1 { "was" } else { "were" };
    let again = if cluster.now - last >= CALM_TIME { " again" } else { "" };
    Some(Banner {
        kind: Kind::Was,
        text: format!("{} {was} lost. {answering}{again}", grouped(lost)),
        running: String::new(),
        version: None,
    })
}

fn never_ready(cluster: &Cluster) -> Option<Banner> {
    let is_stuck = |replica: &&super::Replica| replica.overdue && replica.phase() == Phase::Starting;
    let stuck = cluster.replicas.iter().find(is_stuck)?;
    let other = cluster.answering().last()?;
    let text = if other.version == stuck.version {
        "A new replica has not become ready: the others keep answering".to_owned()
    } else {
        let [new, old] = [stuck.version, other.version].map(|version| &cluster.versions[version]);
        format!("{new} has not become ready: {old} keeps answering")
    };
    Some(Banner {
        kind: Kind::Warn,
        text,
        running: String::new(),
        version: None,
    })
}

/// A replica that is being restarted, and then one that misbehaves.
fn fault(cluster: &Cluster) -> Option<Banner> {
    let answering = answer(cluster.answering().count());
    let say = |text, running| {
        Some(Banner {
            kind: Kind::Warn,
            text,
            running,
            version: None,
        })
    };
    let restarting = cluster
        .replicas
        .iter()
        .find(|replica| replica.phase() == Phase::Restarting);
    if let Some(replica) = restarting {
        let name = replica.short_name();
        let frozen = replica.fault.is_some_and(|active| active.fault == Fault::Hang);
        let does = if frozen { "is frozen" } else { "is restarting" };
        return say(format!("{name} {does}: {answering}"), String::new());
    }
    let not_ready = cluster
        .replicas
        .iter()
        .find(|replica| replica.phase() == Phase::NotReady);
    if let Some(replica) = not_ready {
        return say(
            format!("{} is not ready: {answering}", replica.short_name()),
            String::new(),
        );
    }
    let active = |replica: &super::Replica| {
        let active = replica.fault?;
        let left = active.seconds_left(cluster.now)?;
        say(
            format!("{} {}", replica.short_name(), words(active.fault).present),
            format!(", for {left} s more"),
        )
    };
    cluster.answering().find_map(active)
}

fn rollout(cluster: &Cluster) -> Option<Banner> {
    let rollout = cluster.rollout.as_ref()?;
    let (from, to) = (&cluster.versions[rollout.from], &cluster.versions[rollout.to]);
    let lost = cluster.log.get(rollout.event).map_or(0, |event| event.lost);
    let cost = if lost == 0 {
        "nothing lost".to_owned()
    } else {
        format!("{} lost", grouped(lost))
    };
    let kind = if lost == 0 { Kind::Ok } else { Kind::Was };
    let (kind, text, version) = match rollout.end {
        None => {
            let new = cluster
                .answering()
                .filter(|replica| replica.version == rollout.to)
                .count();
            let all = cluster.answering().count();
            let replicas = if all == 1 { "replica" } else { "replicas" };
            let text = format!("{to} is taking over: {new} of {all} {replicas}");
            (Kind::Change, text, Some(rollout.to))
        }
        Some((end, at)) if cluster.now - at < NEWS_TIME => match end {
            RolloutEnd::Done { took } => (kind, format!("{to} took over in {}, {cost}", seconds(took)), None),
            RolloutEnd::Undone => (kind, format!("{to} is gone again: {from} keeps answering"), None),
        },
        Some(_) => return None,
    };
    Some(Banner {
        kind,
        text,
        running: String::new(),
        version,
    })
}
