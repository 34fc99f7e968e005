//! Small drawings: the mark of a version, and the signs of events.

use yew::prelude::*;

use crate::state::cluster::Kind;

/// The number of looks. The next version has the first one's again.
pub const LOOKS: usize = 3;

/// Returns the look of a version: its colour and shape.
pub fn look(version: usize) -> String {
    (version % LOOKS + 1).to_string()
}

/// Returns the mark of a version, 10 units wide and high: a disc, an upright bar, a square.
pub fn mark_path(version: usize) -> &'static str {
    match version % LOOKS {
        0 => "M5 .4a4.6 4.6 0 1 1 0 9.2a4.6 4.6 0 1 1 0-9.2z",
        1 => "M3 0h4v10h-4z",
        _ => "M1 1h8v8h-8z",
    }
}

/// The mark of a version.
pub fn mark(version: usize) -> Html {
    html! {
        <svg class="mark" data-v={look(version)} viewBox="0 0 10 10" aria-hidden="true"><path d={mark_path(version)} /></svg>
    }
}

/// The sign of a headline or an event.
pub fn sign(kind: Kind) -> Html {
    let path = match kind {
        Kind::Ok => "M5 .3a4.7 4.7 0 1 1 0 9.4a4.7 4.7 0 1 1 0-9.4z",
        Kind::Change | Kind::Warn => "M5 .3 10 9.4H0z",
        Kind::Was | Kind::Bad => "M2 0 5 3 8 0l2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z",
    };
    html! { <svg class="sign" viewBox="0 0 10 10" aria-hidden="true"><path d={path} /></svg> }
}

/// A tick where nothing is lost, otherwise a cross.
pub fn verdict(lost: u32) -> Html {
    let path = if lost == 0 {
        "M2 9l4 4 8-10"
    } else {
        "M3 3l10 10M13 3L3 13"
    };
    html! { <svg class="verdict" viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg> }
}
