//! A line of text about the last rollout.

use yew::prelude::*;

use super::text::{seconds, text};
use crate::state::board::{Board, Replica, Rollout, RolloutPhase, Unready, short_name};

/// Says when a second version appears, when the first is gone, and when a new replica does not become ready. Screen readers
/// announce it.
pub fn rollout_line(board: &Board) -> Html {
    let (line, lost) = match (board.stuck(), &board.rollout) {
        (Some((unready, gone)), _) => (Some(stuck(unready, gone, &board.replicas)), unready.lost),
        (None, Some(rollout)) => (Some(sentence(rollout)), rollout.lost),
        (None, None) => (None, 0),
    };
    html! {
        <p class="rollout" data-lost={(lost > 0).then_some("")} role="status">{ for line.map(text) }</p>
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

fn stuck(unready: &Unready, gone: bool, replicas: &[Replica]) -> String {
    let Unready { version, lost, .. } = unready;
    let pod = short_name(&unready.pod);
    let mut present = replicas.iter().rev().filter(|replica| !replica.gone);
    let (new, others) = match present.find(|replica| replica.version != *version) {
        Some(old) => (format!("{version} ({pod})"), format!("{} keeps answering", old.version)),
        None => (format!("{pod} ({version})"), "the others keep answering".to_owned()),
    };
    if gone {
        format!("{new} is gone: it never became ready, {others}, {lost} lost")
    } else {
        format!("{new} has not become ready, {others}, {lost} lost")
    }
}
