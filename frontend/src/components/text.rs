//! Texts that several views show.

use yew::prelude::*;

/// Returns a text in an element of its own, which is replaced when the text changes.
///
/// Browser translators wrap a text node in elements of theirs, and a later change of that node is not shown. Removing the
/// element around it works.
pub fn text(text: impl Into<AttrValue>) -> Html {
    let text = text.into();
    html! { <span key={text.to_string()}>{ text }</span> }
}

/// Returns what something cost: `0 lost` in green, `12 lost` in red.
pub fn cost(lost: u32) -> Html {
    let lost_text = format!("{} lost", crate::state::text::grouped(lost));
    html! { <b class={if lost == 0 { "good" } else { "bad" }}>{ text(lost_text) }</b> }
}
