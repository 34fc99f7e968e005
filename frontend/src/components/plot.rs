//! The last minute: who answered, and a lane for each replica.

use std::rc::Rc;

use yew::prelude::*;

use super::{
    fault_menu::break_button,
    marks::{look, mark, mark_path},
    slide::{Lane, Slide, Snapshot},
};
use crate::state::{
    Cluster,
    cluster::{Mark, Phase, Point, Replica, shares, words},
    text::grouped,
};

/// More lanes than these, and those of replicas that are gone are folded.
const MAX_LANES: usize = 8;

/// The names on the left, the sliding picture, and the figures on the right.
pub fn plot(cluster: &Cluster) -> Html {
    let is_folded = cluster.replicas.len() > MAX_LANES;
    let is_shown = |replica: &&Replica| !is_folded || replica.phase() != Phase::Gone;
    let shown: Vec<&Replica> = cluster.replicas.iter().filter(is_shown).collect();
    let points = shares(&cluster.window, &cluster.replicas, cluster.now);
    let labels = labels(cluster, points.last());
    let snapshot = Snapshot {
        lanes: shown.iter().map(|replica| Lane::new(replica)).collect(),
        versions: cluster.replicas.iter().map(|replica| replica.version).collect(),
        points: points.into(),
        window: cluster.window.clone(),
        now: cluster.now,
    };
    let name = |replica: &&Replica| {
        html! {
            <li key={replica.id} data-v={look(replica.version)} data-gone={(replica.phase() == Phase::Gone).then_some("")}>
                { mark(replica.version) }
                <span class="pod">{ replica.short_name().to_owned() }</span>
                <span class="version">{ cluster.versions[replica.version].clone() }</span>
            </li>
        }
    };
    let retried = cluster
        .window
        .last(usize::MAX)
        .filter(|mark| *mark == Mark::Retried)
        .count();
    html! {
        <div class="plot" translate="no">
            <div class="names">
                <div class="ribbon"><b>{ "Who answered" }</b><span class="quiet">{ "share per version" }</span></div>
                <ol class="lanes">{ for shown.iter().map(name) }</ol>
                <div class="retries quiet">{ "retries" }</div>
            </div>
            <Slide snapshot={Rc::new(snapshot)} moving={cluster.is_sending()} />
            <div class="figures">
                <div class="ribbon">{ labels }</div>
                <ol class="lanes">{ for shown.iter().map(|replica| state(cluster, replica)) }</ol>
                <div class="retries">if retried > 0 { <b>{ grouped(retried as u32) }</b> }</div>
            </div>
            <div class="axis quiet"><span>{ "60 s ago" }</span><span>{ "30 s ago" }</span><span>{ "now" }</span></div>
        </div>
    }
}

/// The share of a replica, or why it has none.
fn state(cluster: &Cluster, replica: &Replica) -> Html {
    let fault = replica
        .fault
        .map(|active| (words(active.fault).state, active.seconds_left(cluster.now)));
    let (word, class) = match (replica.phase(), fault) {
        (Phase::Answering, Some((state, Some(left)))) => (format!("{state}, {left} s"), "state warn"),
        (Phase::Answering, _) => (format!("{} %", replica.share), "share"),
        (Phase::Starting, _) if !replica.overdue => ("starting".to_owned(), "state quiet"),
        (Phase::Starting | Phase::NotReady, _) => ("not ready".to_owned(), "state quiet"),
        (Phase::Restarting, Some((state @ "frozen", _))) => (state.to_owned(), "state bad"),
        (Phase::Restarting, _) => ("restarting".to_owned(), "state bad"),
        (Phase::Gone, _) => ("gone".to_owned(), "state quiet"),
    };
    let is_breakable = cluster.running && replica.is_answering() && replica.accepts_faults && replica.fault.is_none();
    html! {
        <li key={replica.id}>
            <span {class}>{ word }</span>
            if is_breakable { { break_button(&replica.pod) } }
        </li>
    }
}

/// The share of each version, at the height of its band, so that no two overlap.
fn labels(cluster: &Cluster, point: Option<&Point>) -> Html {
    /// The least distance between two labels, in thousandths of the ribbon's height.
    const DISTANCE: u32 = 260;
    let Some(point) = point else { return html! {} };
    let mut shares: Vec<(Option<usize>, u32, u32)> = Vec::new();
    let mut start = 0;
    for (replica, &end) in cluster.replicas.iter().zip(&point.ends) {
        match shares.last_mut() {
            Some((version, _, last)) if *version == Some(replica.version) => *last = end,
            _ => shares.push((Some(replica.version), start, end)),
        }
        start = end;
    }
    shares.push((None, start, 1_000));
    shares.retain(|(_, start, end)| end - start >= 5);
    let mut heights: Vec<u32> = shares.iter().map(|(_, start, end)| (start + end) / 2).collect();
    let mut least = DISTANCE / 2;
    for height in &mut heights {
        *height = (*height).max(least);
        least = *height + DISTANCE;
    }
    let mut most = 1_000 - DISTANCE / 2;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(most);
        most = height.saturating_sub(DISTANCE);
    }
    let label = |((version, start, end), height): (&(Option<usize>, u32, u32), u32)| {
        // Of rounded edges, so that all add up to 100.
        let percent = (end + 5) / 10 - (start + 5) / 10;
        let name = version.map_or("lost".to_owned(), |version| cluster.versions[version].to_string());
        let text = format!("{name} {percent} %");
        // A long name is smaller, because there is no more room.
        let size = format!("{}%", 1_000 / text.chars().count().max(10));
        html! {
            <svg key={name} data-v={version.map(look)} data-lost={version.is_none().then_some("")} y={format!("{}%", height / 10)}>
                if let Some(version) = version {
                    <svg x=".25em" y="-.31em" width=".62em" height=".62em" viewBox="0 0 10 10"><path d={mark_path(*version)} /></svg>
                }
                <text x={if version.is_some() { "1.15em" } else { ".25em" }} font-size={size}>{ text }</text>
            </svg>
        }
    };
    html! {
        <svg class="shares" role="img" aria-label="Share of each version">{ for shares.iter().zip(heights).map(label) }</svg>
    }
}
