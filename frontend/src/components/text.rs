//! Texts that several views show.

use yew::prelude::*;

use crate::state::{cluster::short_name, text::grouped};

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
    let lost_text = format!("{} lost", grouped(lost));
    html! { <b class={if lost == 0 { "good" } else { "bad" }}>{ text(lost_text) }</b> }
}

/// The name of a pod. Where there is no room, only its end is shown.
pub fn pod_name(pod: &str) -> Html {
    let end = short_name(pod);
    let begin = pod.strip_suffix(end).unwrap_or_default();
    html! { <span class="pod" title={pod.to_owned()}><span>{ begin.to_owned() }</span>{ end.to_owned() }</span> }
}
