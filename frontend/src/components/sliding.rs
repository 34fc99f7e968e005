//! Moves the picture of the last minute with the clock.

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::clock;

/// Moves the referenced element so that the right edge of the window is the current time, while `moving` is true. `newest` is the
/// last second of the picture.
///
/// An animation of the browser moves what is drawn already: no script runs for a frame, and no frame waits for a script.
#[hook]
pub fn use_sliding(newest: u32, moving: bool) -> NodeRef {
    let element = use_node_ref();
    {
        let element = element.clone();
        use_effect_with((newest, moving), move |&(newest, moving)| {
            let Some(element) = element.cast::<HtmlElement>() else {
                return;
            };
            // Not attributes, because the Content-Security-Policy forbids inline styles. None of these fails.
            let set = |name: &str, value: &str| _ = element.style().set_property(name, value);
            set("animation-play-state", if moving { "running" } else { "paused" });
            if moving {
                let age = clock::now() - 1_000.0 * f64::from(newest);
                // Only an animation of another name starts again.
                set("animation-name", if newest % 2 == 0 { "even" } else { "odd" });
                set("animation-delay", &format!("{}ms", -(age as i32)));
            }
        });
    }
    element
}
