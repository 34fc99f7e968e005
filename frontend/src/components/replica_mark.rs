//! The mark of a replica.

use yew::prelude::*;

/// The mark of the timeline, in the replica's colour (less than [`COLOURS`](crate::state::colour::COLOURS)) and its version's
/// shape (less than [`Replica::SHAPES`](crate::state::board::Replica::SHAPES)).
pub fn replica_mark(colour: u32, shape: u32) -> Html {
    html! {
        <svg class="mark" viewBox="0 0 10 10" aria-hidden="true">{ path(colour, shape, format!("M5 5{}", stroke_of(shape))) }</svg>
    }
}

/// A path in a replica's colour and its version's shape.
pub fn path(colour: u32, shape: u32, path: String) -> Html {
    html! { <path data-colour={colour.to_string()} data-shape={shape.to_string()} d={path} /> }
}

/// Returns the path of a version's shape, relative to the mark's position: a line of length 0, of which only the round or square
/// caps are visible, or an upright line. Horizontal stretching does not distort these.
pub fn stroke_of(shape: u32) -> &'static str {
    match shape {
        1 => "m0 5v-10",
        _ => "h0",
    }
}
