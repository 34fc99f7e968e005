//! The responses of one second, drawn once.

use std::{fmt::Write, rc::Rc};

use yew::prelude::*;

use super::marks::look;
use crate::state::cluster::{Mark, Second};

/// A second, compared by its address: a second that changes is a new allocation.
#[derive(Debug, Clone)]
pub struct ByAddress(pub Rc<Second>);

impl PartialEq for ByAddress {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The properties of [`Tile`].
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct TileProps {
    /// The second.
    pub second: ByAddress,
    /// The replica's number and the look of its version, for each lane.
    pub lanes: Rc<[(u32, usize)]>,
}

/// The responses of one second. Its width is 1,000 units of a millisecond each, a lane's height 100 units.
#[component]
pub fn Tile(TileProps { second, lanes }: &TileProps) -> Html {
    let path = |(index, &(replica, look_number)): (usize, &(u32, usize))| {
        let mut path = String::new();
        for (x, mark) in &second.0.marks {
            if let Mark::Answered { replica: of, millis } = mark
                && *of == replica
            {
                // Five units higher for each doubling of the latency.
                let y = 100 * index as u32 + 82 - 5 * millis.checked_ilog2().unwrap_or_default().min(13);
                let stroke = if look_number == 1 { "m0-13v26" } else { "h0" };
                // Writing to a string does not fail.
                _ = write!(path, "M{x} {y}{stroke}");
            }
        }
        html! { <path data-v={look(look_number)} d={path} /> }
    };
    html! {
        <svg viewBox={format!("0 0 1000 {}", 100 * lanes.len())} preserveAspectRatio="none">
            { for lanes.iter().enumerate().map(path) }
        </svg>
    }
}
