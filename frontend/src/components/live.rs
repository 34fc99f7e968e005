//! The cluster at work, readable from the last row of a room.

use api::Fault;
use yew::prelude::*;

use super::{
    fault_menu::FaultMenu,
    headline::Headline,
    marks::{look, mark, sign, verdict},
    plot::plot,
    rail::rail,
    text::{cost, text},
};
use crate::state::{
    Cluster, ClusterAction,
    cluster::{Event, Kind, banner},
    text::{grouped, time_of_day},
};

/// The number of events that are shown.
const EVENTS: usize = 4;

/// The headline, what happened, the totals, the last minute, and the experiments.
pub fn live(cluster: &Cluster, on_action: &Callback<ClusterAction>, on_fault: &Callback<(String, Fault)>) -> Html {
    html! {
        <>
            <Headline banner={banner(cluster)} now={cluster.now} urgent={!cluster.running} />
            <div class="facts">
                <ol class="log" aria-label="Events">
                    { for cluster.log.events.iter().take(EVENTS).enumerate().map(|(row, event)| log_entry(cluster, row, event)) }
                </ol>
                { totals(cluster) }
            </div>
            { plot(cluster) }
            { legend(cluster) }
            { rail(cluster, on_action) }
            <FaultMenu on_fault={on_fault} />
        </>
    }
}

/// A row of the log. Its key is its place, so that a new event changes texts and moves nothing.
fn log_entry(cluster: &Cluster, row: usize, event: &Event) -> Html {
    let retries = match event.retried {
        1.. if event.kind != Kind::Warn => String::new(),
        0 => String::new(),
        1 => ", 1 retry".to_owned(),
        retried => format!(", {} retries", grouped(retried)),
    };
    // The key of what is replaced when the text changes: see `text`.
    let line = format!("{}{retries}{}", event.text, if event.has_cost() { ", " } else { "" });
    let kind = match event.kind {
        Kind::Ok if event.lost > 0 => Kind::Was,
        kind => kind,
    };
    html! {
        <li key={row} data-kind={kind.as_str()} data-v={event.version.map(look)}>
            <time translate="no">{ time_of_day(cluster.time_of_day(event.at)) }</time>
            { sign(kind) }
            <span key={line.clone()}>
                <span>{ line }</span>
                if event.has_cost() { { cost(event.lost) } }
            </span>
        </li>
    }
}

/// The numbers of submissions sent, answered, retried and lost.
fn totals(cluster: &Cluster) -> Html {
    let totals = cluster.totals;
    let figure = |name: &'static str, number: u32, sign: Html| {
        html! {
            <div data-figure={name} data-some={(number > 0).then_some("")}>
                <dt>{ name }</dt>
                <dd>{ sign }<span>{ grouped(number) }</span></dd>
            </div>
        }
    };
    html! {
        <dl class="totals" translate="no">
            { figure("sent", totals.sent(), html! {}) }
            { figure("answered", totals.answered, html! {}) }
            { figure("retried", totals.retried, html! {}) }
            { figure("lost", totals.lost, verdict(totals.lost)) }
        </dl>
    }
}

fn legend(cluster: &Cluster) -> Html {
    let versions = cluster.versions.iter().enumerate();
    let versions = versions.filter(|(version, _)| cluster.replicas.iter().any(|replica| replica.version == *version));
    let limit = cluster.achieved_rate_note();
    html! {
        <div class="legend" translate="no">
            <ul aria-label="Legend">
                { for versions.map(|(version, name)| html! { <li key={version}>{ mark(version) }{ "answer from " }{ name.clone() }</li> }) }
                <li key="ghost"><i class="ghost"></i>{ "not ready" }</li>
                <li key="retried"><svg class="mark" viewBox="0 0 10 10" aria-hidden="true"><path class="diamond" d="M5 0 10 5 5 10 0 5z" /></svg>{ "retry" }</li>
                <li key="lost"><svg class="mark" viewBox="0 0 10 10" aria-hidden="true"><path class="loss" d="M3-2h4v14h-4z" /></svg>{ "lost" }</li>
                <li key="height" class="quiet">{ "higher: slower" }</li>
            </ul>
            <p class="limit">{ for limit.map(text) }</p>
        </div>
    }
}
