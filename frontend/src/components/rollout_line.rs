//! The line that tells of a change of version.

use yew::prelude::*;

use crate::state::board::{Phase, Rollout};

/// What [`RolloutLine`] shows.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct Props {
    /// The last change of version.
    pub rollout: Option<Rollout>,
}

/// Says when a second version appears and when the first is gone. Screen readers hear it.
#[component]
pub fn RolloutLine(Props { rollout }: &Props) -> Html {
    let lost = rollout.as_ref().is_some_and(|rollout| rollout.lost > 0);
    html! {
        <p class={classes!("rollout", lost.then_some("lost"))} role="status">{ rollout.as_ref().map(told) }</p>
    }
}

fn told(
    Rollout {
        from, to, phase, lost, ..
    }: &Rollout,
) -> String {
    match phase {
        Phase::UnderWay => format!("{to} is taking over from {from}, {lost} lost so far"),
        Phase::Done { took } => {
            // In whole tenths: the code that formats floating-point numbers would weigh more than this page's form.
            let tenths = (took / 100.0).round() as u32;
            format!("{to} took over in {}.{} s, {lost} lost", tenths / 10, tenths % 10)
        }
        Phase::Undone => format!("{to} is gone again and {from} goes on, {lost} lost"),
    }
}
