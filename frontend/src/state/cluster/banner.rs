//! The banner: what is true now, in one sentence. The first rule that applies wins.

use api::Fault;

use super::{Cluster, Kind, Phase, Replica, RolloutEnd, fault::words, membership::answer};
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

impl Banner {
    fn new(kind: Kind, text: String) -> Self {
        Self {
            kind,
            text,
            running: String::new(),
            version: None,
        }
    }

    fn with_running(self, running: String) -> Self {
        Self { running, ..self }
    }
}

/// Returns the banner.
pub fn banner(cluster: &Cluster) -> Banner {
    if !cluster.running {
        let (sent, lost) = (grouped(cluster.totals.sent()), grouped(cluster.totals.lost));
        let kind = if cluster.totals.lost > 0 { Kind::Was } else { Kind::Ok };
        return Banner::new(kind, format!("Stopped. {sent} sent, {lost} lost"));
    }
    outage(cluster)
        .or_else(|| losses(cluster))
        .or_else(|| never_ready(cluster))
        .or_else(|| fault(cluster))
        .or_else(|| rollout(cluster))
        .unwrap_or_else(|| match cluster.answering().count() {
            0 => Banner::new(Kind::Ok, "Waiting for the first answer".to_owned()),
            number => Banner::new(Kind::Ok, answer(number)),
        })
}

fn outage(cluster: &Cluster) -> Option<Banner> {
    let (since, _) = cluster.outage?;
    let running = format!(", for {} s", ((cluster.now - since) / 1_000.0) as u32);
    Some(Banner::new(Kind::Bad, "No replica answers".to_owned()).with_running(running))
}

fn losses(cluster: &Cluster) -> Option<Banner> {
    let last = cluster.window.last_lost()?;
    let (lost, answering) = (cluster.window.lost(), answer(cluster.answering().count()));
    let was = if lost == 1 { "was" } else { "were" };
    let again = if cluster.now - last >= CALM_TIME { " again" } else { "" };
    let text = format!("{} {was} lost. {answering}{again}", grouped(lost));
    Some(Banner::new(Kind::Was, text))
}

fn never_ready(cluster: &Cluster) -> Option<Banner> {
    let is_stuck = |replica: &&Replica| replica.overdue && replica.phase() == Phase::Starting;
    let stuck = cluster.replicas.iter().find(is_stuck)?;
    let other = cluster.answering().last()?;
    let text = if other.version == stuck.version {
        "A new replica has not become ready: the others keep answering".to_owned()
    } else {
        let [new, old] = [stuck.version, other.version].map(|version| &cluster.versions[version]);
        format!("{new} has not become ready: {old} keeps answering")
    };
    Some(Banner::new(Kind::Warn, text))
}

/// A replica that is being restarted, then one that is not ready, and then one that misbehaves.
fn fault(cluster: &Cluster) -> Option<Banner> {
    let warn = |replica: &Replica, does: &str| Banner::new(Kind::Warn, format!("{} {does}", replica.short_name()));
    let in_phase = |phase| cluster.replicas.iter().find(move |replica| replica.phase() == phase);
    let answering = answer(cluster.answering().count());
    if let Some(replica) = in_phase(Phase::Restarting) {
        let is_frozen = replica.fault.is_some_and(|active| active.fault == Fault::Hang);
        let does = if is_frozen { "is frozen" } else { "is restarting" };
        return Some(warn(replica, &format!("{does}: {answering}")));
    }
    if let Some(replica) = in_phase(Phase::NotReady) {
        return Some(warn(replica, &format!("is not ready: {answering}")));
    }
    cluster.answering().find_map(|replica| {
        let active = replica.fault?;
        let left = active.seconds_left(cluster.now)?;
        Some(warn(replica, words(active.fault).present).with_running(format!(", for {left} s more")))
    })
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
        version,
        ..Banner::new(kind, text)
    })
}
