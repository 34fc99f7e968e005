//! The totals of the load generator.

use yew::prelude::*;

use crate::state::board::Totals;

/// The numbers of submissions sent, answered, retried and lost.
pub fn tally(totals: Totals) -> Html {
    let figures = [
        ("sent", totals.sent()),
        ("answered", totals.answered),
        ("retried", totals.retried),
        ("lost", totals.lost),
    ];
    let figure = |(name, count): (&'static str, u32)| {
        html! {
            <div data-figure={name} data-none={(count == 0).then_some("")}><dt>{ name }</dt><dd>{ count }</dd></div>
        }
    };
    html! { <dl class="tally" translate="no">{ for figures.into_iter().map(figure) }</dl> }
}
