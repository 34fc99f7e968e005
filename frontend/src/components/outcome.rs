//! The outcome of the last submission.

use yew::prelude::*;

use super::replica_mark::replica_mark;
use crate::state::{Progress, Reply, board::Replica, colour::colour_of, outcome::MAX_ATTEMPTS};

/// The outcome of the last submission, announced by screen readers. A replica has the same colour here as on the board.
pub fn outcome(progress: &Progress, replicas: &[Replica]) -> Html {
    let failed = matches!(progress, Progress::Failed { .. });
    html! {
        <section class="outcome" aria-label="Answer">
            <div role="status">{ message(progress, replicas) }</div>
            if failed {
                // It submits the form again.
                <button form="name-form">{ "Try again" }</button>
            }
        </section>
    }
}

/// Every state has a key, and so elements of its own: see [`text`](super::text).
fn message(progress: &Progress, replicas: &[Replica]) -> Html {
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
        Progress::Answered(reply) => answered(reply, replicas),
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

fn answered(reply: &Reply, replicas: &[Replica]) -> Html {
    let Reply {
        response,
        millis,
        attempts,
        ..
    } = reply;
    let on_board = replicas.iter().find(|replica| replica.pod == *response.pod);
    let (colour, shape) = on_board.map_or((colour_of(&response.pod), 0), |replica| (replica.colour, replica.shape));
    html! {
        <div key="answered">
            <p class="message">{ &response.message }</p>
            <p class="by" translate="no">
                { replica_mark(colour, shape) }
                <span class="pod">{ &response.pod }</span>
                <span class="version">{ &response.version }</span>
                <span>{ format!("{} ms", millis.ceil() as u32) }</span>
                if *attempts > 1 {
                    <span>{ format!("attempt {attempts} of {MAX_ATTEMPTS}") }</span>
                }
            </p>
        </div>
    }
}
