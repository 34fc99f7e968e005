//! The mark of a replica.

use yew::prelude::*;

use crate::state::colour::colour_of;

/// What [`ReplicaMark`] shows.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct Props {
    /// The pod's name.
    pub pod: AttrValue,
}

/// A dot in the replica's colour.
#[component]
pub fn ReplicaMark(props: &Props) -> Html {
    let colour = colour_of(&props.pod);
    html! {
        <svg class={format!("mark replica-{colour}")} viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" /></svg>
    }
}
