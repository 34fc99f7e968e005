//! The totals.

use yew::prelude::*;

use crate::state::board::Totals;

/// What [`Tally`] shows.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct Props {
    /// What became of the submissions.
    pub totals: Totals,
}

/// How many submissions were sent, answered, retried and lost.
#[component]
pub fn Tally(Props { totals }: &Props) -> Html {
    let figures = [
        ("sent", totals.sent()),
        ("answered", totals.answered),
        ("retried", totals.retried),
        ("lost", totals.lost),
    ];
    let figure = |(name, count): (&'static str, u32)| {
        html! {
            <div class={classes!(name, (count == 0).then_some("none"))}><dt>{ name }</dt><dd>{ count }</dd></div>
        }
    };
    html! { <dl class="tally">{ for figures.into_iter().map(figure) }</dl> }
}
