//! A line of text about the last rollout.

use yew::prelude::*;

use super::{seconds, text};
use crate::state::board::{Rollout, RolloutPhase};

/// Says when a second version appears and when the first is gone. Screen readers announce it.
pub fn rollout_line(rollout: Option<&Rollout>) -> Html {
    let lost = rollout.is_some_and(|rollout| rollout.lost > 0);
    html! {
        <p class="rollout" data-lost={lost.then_some("")} role="status">{ for rollout.map(sentence).map(text) }</p>
    }
}

fn sentence(
    Rollout {
        from, to, phase, lost, ..
    }: &Rollout,
) -> String {
    match phase {
        RolloutPhase::InProgress => format!("{to} is taking over from {from}, {lost} lost"),
        RolloutPhase::Done { took } => {
            format!("{to} took over in {}, {lost} lost", seconds(*took))
        }
        RolloutPhase::Undone => format!("{to} is gone again, {from} keeps answering, {lost} lost"),
    }
}
