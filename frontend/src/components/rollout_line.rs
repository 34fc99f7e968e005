//! The line that tells of a change of version.

use yew::prelude::*;

use crate::state::board::{Phase, Rollout};

/// Says when a second version appears and when the first is gone. Screen readers hear it.
pub fn rollout_line(rollout: Option<&Rollout>) -> Html {
    let lost = rollout.is_some_and(|rollout| rollout.lost > 0);
    html! {
        <p class="rollout" data-lost={lost.then_some("")} role="status">{ rollout.map(told) }</p>
    }
}

fn told(
    Rollout {
        from, to, phase, lost, ..
    }: &Rollout,
) -> String {
    match phase {
        Phase::UnderWay => format!("{to} is taking over from {from}, {lost} lost"),
        Phase::Done { took } => {
            // In whole tenths: the code that formats floating-point numbers would weigh more than this page's form.
            let tenths = (took / 100.0).round() as u32;
            format!("{to} took over in {}.{} s, {lost} lost", tenths / 10, tenths % 10)
        }
        Phase::Undone => format!("{to} is gone again and {from} goes on, {lost} lost"),
    }
}
