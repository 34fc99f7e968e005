//! The outcome of the last submission.

use yew::prelude::*;

use super::{marks::mark, text::pod_name};
use crate::state::{Cluster, Progress, Reply, outcome::MAX_ATTEMPTS};

/// The outcome of the last submission, announced by screen readers. A version has the same mark here as everywhere.
pub fn outcome(progress: &Progress, cluster: &Cluster) -> Html {
    let failed = matches!(progress, Progress::Failed { .. });
    html! {
        <section class="outcome" aria-label="Answer">
            <div role="status">{ message(progress, cluster) }</div>
            if failed {
                // It submits the form again.
                <button form="name-form">{ "Try again" }</button>
            }
        </section>
    }
}

/// Every state has a key, and so elements of its own: see [`text`](super::text).
fn message(progress: &Progress, cluster: &Cluster) -> Html {
    match progress {
        Progress::Idle => html! { <p key="idle" class="quiet">{ "The answer will appear here." }</p> },
        Progress::Sending(pending) => html! {
            <p key={format!("sending {}", pending.number)} class="quiet">{ "Sending \u{2026}" }</p>
        },
        Progress::Retrying { attempt, reason, .. } => html! {
            <p key={format!("attempt {attempt}")} class="retrying">
                { format!("{reason} Trying again, attempt {attempt} of {MAX_ATTEMPTS} \u{2026}") }
            </p>
        },
        Progress::Answered(reply) => answered(reply, cluster),
        Progress::Rejected(problem) => html! {
            <p key="rejected" class="failed"><strong>{ &problem.title }</strong>{ " " }{ &problem.detail }</p>
        },
        Progress::Failed { reason } => html! {
            <p key="failed" class="failed">
                <strong>{ "Not answered." }</strong>
                { format!(" {reason} All {MAX_ATTEMPTS} attempts failed; your name is still in the field.") }
            </p>
        },
    }
}

fn answered(reply: &Reply, cluster: &Cluster) -> Html {
    let Reply {
        response,
        millis,
        attempts,
        ..
    } = reply;
    // A long one is smaller, so that the experiments below it do not move.
    let is_long = response.message.chars().count() > 60;
    let version = cluster.versions.iter().position(|version| *version == response.version);
    html! {
        <div key="answered">
            <p class="message" data-length={is_long.then_some("long")}>{ &response.message }</p>
            <p class="by" translate="no">
                { mark(version.unwrap_or_default()) }
                { pod_name(&response.pod) }
                <span class="version">{ &response.version }</span>
                <span>{ format!("{} ms", millis.ceil() as u32) }</span>
                if *attempts > 1 {
                    <span>{ format!("attempt {attempts} of {MAX_ATTEMPTS}") }</span>
                }
            </p>
        </div>
    }
}
