//! The views, one per file. They get data and callbacks; only [`App`] knows the state.
//!
//! A component is what keeps something between two renderings, or may be skipped in one. All else is a function from data to
//! HTML, because each component adds two kilobytes to the download.

mod app;
mod board;
mod controls;
mod fault_menu;
mod incident_line;
mod name_form;
mod outcome;
mod replica_mark;
mod replica_table;
mod rollout_line;
mod sliding;
mod tally;
mod timeline;

use yew::prelude::*;

pub use app::{App, AppProps};

/// Returns a duration in tenths of a second, such as `1.4 s`.
///
/// The code that formats floating-point numbers is larger than this page's form.
fn seconds(millis: f64) -> String {
    let tenths = (millis / 100.0).round() as u32;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// Returns a text in an element of its own, which is replaced when the text changes.
///
/// Browser translators wrap a text node in elements of theirs, and a later change of that node is not shown. Removing the
/// element around it works.
fn text(text: impl Into<AttrValue>) -> Html {
    let text = text.into();
    html! { <span key={text.to_string()}>{ text }</span> }
}
