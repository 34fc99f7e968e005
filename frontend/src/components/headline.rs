//! The headline: what is true now, in one sentence.

use yew::prelude::*;

use super::{
    marks::{look, sign},
    text::text,
};
use crate::state::cluster::Banner;

/// The shortest time between two announcements, in milliseconds.
const ANNOUNCE_INTERVAL: f64 = 2_000.0;

/// The properties of [`Headline`].
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct HeadlineProps {
    /// What it says.
    pub banner: Banner,
    /// The time, in milliseconds.
    pub now: f64,
    /// Whether there is no later rendering that could announce it.
    pub urgent: bool,
}

/// The headline. A screen reader hears it when it changes, at most once in two seconds and without running seconds.
#[component]
pub fn Headline(HeadlineProps { banner, now, urgent }: &HeadlineProps) -> Html {
    let announced = use_mut_ref(|| (f64::NEG_INFINITY, String::new()));
    let mut announced = announced.borrow_mut();
    if announced.1 != banner.text && (*urgent || now - announced.0 >= ANNOUNCE_INTERVAL) {
        *announced = (*now, banner.text.clone());
    }
    let shown = format!("{}{}", banner.text, banner.running);
    // The headline has a fixed height, so a long one is smaller.
    let length = match shown.chars().count() {
        0..=36 => None,
        37..=49 => Some("long"),
        _ => Some("longest"),
    };
    html! {
        <div class="banner" data-kind={banner.kind.as_str()} data-v={banner.version.map(look)} data-length={length}>
            { sign(banner.kind) }
            <span aria-hidden="true">{ text(shown) }</span>
            <span class="announced" role="status">{ text(announced.1.clone()) }</span>
        </div>
    }
}
