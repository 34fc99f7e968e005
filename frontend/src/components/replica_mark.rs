//! The mark of a replica.

use yew::prelude::*;

/// What [`ReplicaMark`] shows.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct Props {
    /// The replica's colour, under [`COLOURS`](crate::state::colour::COLOURS).
    pub colour: u32,
    /// Its version's shape, under [`Replica::SHAPES`](crate::state::board::Replica::SHAPES).
    #[prop_or_default]
    pub shape: u32,
}

/// The same mark as on the time line: the replica's colour, its version's shape.
#[component]
pub fn ReplicaMark(&Props { colour, shape }: &Props) -> Html {
    html! {
        <svg class="mark" viewBox="0 0 10 10" aria-hidden="true">
            <path class={format!("replica-{colour} shape-{shape}")} d={format!("M5 5{}", stroke_of(shape))} />
        </svg>
    }
}

/// How to draw a version's shape from where its mark stands: as a line without length, of which only the caps are seen,
/// round or square, or as an upright line. No stretching from side to side distorts these.
pub fn stroke_of(shape: u32) -> &'static str {
    match shape {
        1 => "m0 5v-10",
        _ => "h0",
    }
}
