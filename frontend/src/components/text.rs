//! Texts that several views show.

use yew::prelude::*;

/// Returns a duration in tenths of a second, such as `1.4 s`.
///
/// The code that formats floating-point numbers is larger than this page's form.
pub fn seconds(millis: f64) -> String {
    let tenths = (millis / 100.0).round() as u32;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// Returns a text in an element of its own, which is replaced when the text changes.
///
/// Browser translators wrap a text node in elements of theirs, and a later change of that node is not shown. Removing the
/// element around it works.
pub fn text(text: impl Into<AttrValue>) -> Html {
    let text = text.into();
    html! { <span key={text.to_string()}>{ text }</span> }
}
