//! What became of the last submission.

use yew::prelude::*;

use super::replica_mark::replica_mark;
use crate::client::{Reply, TRIES};
use crate::state::Progress;
use crate::state::board::Replica;
use crate::state::colour::colour_of;

/// What became of the last submission. Screen readers hear it as it changes. A replica that is on the board has the same
/// colour here.
pub fn outcome(progress: &Progress, replicas: &[Replica]) -> Html {
    let failed = matches!(progress, Progress::Failed { .. });
    html! {
        <section class="outcome" aria-label="Answer">
            <div role="status">{ told(progress, replicas) }</div>
            if failed {
                // It belongs to the form, so trying again is nothing but submitting again.
                <button form="name-form">{ "Try again" }</button>
            }
        </section>
    }
}

fn told(progress: &Progress, replicas: &[Replica]) -> Html {
    match progress {
        Progress::Untouched => html! { <p class="quiet">{ "The answer will appear here." }</p> },
        Progress::Sending(_) => html! { <p class="quiet">{ "Sending \u{2026}" }</p> },
        Progress::Retrying { r#try, reason, .. } => html! {
            <p class="retrying">{ format!("{reason} Trying again, {try} of {TRIES} \u{2026}") }</p>
        },
        Progress::Answered(reply) => answered(reply, replicas),
        Progress::Refused(problem) => html! {
            <p class="failed"><strong>{ &problem.title }</strong>{ " " }{ &problem.detail }</p>
        },
        Progress::Failed { reason } => html! {
            <p class="failed">
                <strong>{ "Not answered." }</strong>
                { format!(" {reason} It was tried {TRIES} times; your name is still in the field.") }
            </p>
        },
    }
}

fn answered(Reply { answer, millis, tries }: &Reply, replicas: &[Replica]) -> Html {
    let on_board = replicas.iter().find(|replica| replica.pod == *answer.pod);
    let (colour, shape) = on_board.map_or((colour_of(&answer.pod), 0), |replica| (replica.colour, replica.shape));
    html! {
        <>
            <p class="message">{ &answer.message }</p>
            <p class="by">
                { replica_mark(colour, shape) }
                <span class="pod">{ &answer.pod }</span>
                <span class="version">{ &answer.version }</span>
                <span>{ format!("{} ms", millis.ceil() as u32) }</span>
                if *tries > 1 {
                    <span>{ format!("try {tries} of {TRIES}") }</span>
                }
            </p>
        </>
    }
}
