//! Moves the picture of the last minute with the clock.

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::clock;

/// Moves the referenced element so that the right edge of the window is the current time, while `moving` is true. `since` is when
/// the picture became the current one, in seconds.
///
/// An animation of the browser moves what is drawn already: no script runs for a frame, and no frame waits for a script.
#[hook]
pub fn use_sliding(since: u32, moving: bool) -> NodeRef {
    let element = use_node_ref();
    let is_odd = use_mut_ref(|| false);
    {
        let element = element.clone();
        use_effect_with((since, moving), move |&(since, moving)| {
            let Some(element) = element.cast::<HtmlElement>() else {
                return;
            };
            // Not attributes, because the Content-Security-Policy forbids inline styles. None of these fails.
            let set = |name: &str, value: &str| _ = element.style().set_property(name, value);
            set("animation-play-state", if moving { "running" } else { "paused" });
            if moving {
                let age = clock::now() - 1_000.0 * f64::from(since);
                // Only an animation of another name starts again.
                let is_odd = is_odd.replace_with(|is_odd| !*is_odd);
                set("animation-name", if is_odd { "odd" } else { "even" });
                set("animation-delay", &format!("{}ms", -(age as i32)));
            }
        });
    }
    element
}
