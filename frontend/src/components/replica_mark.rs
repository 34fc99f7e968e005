//! The mark of a replica.

use yew::prelude::*;

/// The same mark as on the time line, of the replica's colour, under [`COLOURS`](crate::state::colour::COLOURS), and its
/// version's shape, under [`Replica::SHAPES`](crate::state::board::Replica::SHAPES).
pub fn replica_mark(colour: u32, shape: u32) -> Html {
    html! {
        <svg class="mark" viewBox="0 0 10 10" aria-hidden="true">{ path(colour, shape, format!("M5 5{}", stroke_of(shape))) }</svg>
    }
}

/// A path in a replica's colour and its version's shape.
pub fn path(colour: u32, shape: u32, path: String) -> Html {
    html! { <path data-colour={colour.to_string()} data-shape={shape.to_string()} d={path} /> }
}

/// How to draw a version's shape from where its mark stands: as a line without length, of which only the caps are seen,
/// round or square, or as an upright line. No stretching from side to side distorts these.
pub fn stroke_of(shape: u32) -> &'static str {
    match shape {
        1 => "m0 5v-10",
        _ => "h0",
    }
}
