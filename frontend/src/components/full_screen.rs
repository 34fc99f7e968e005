//! Full screen, by a button or the key F.

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;

/// Enters or leaves full screen.
pub fn toggle() {
    let document = gloo_utils::document();
    match document.fullscreen_element() {
        Some(_) => document.exit_fullscreen(),
        // It fails where the browser does not allow it: then nothing changes.
        None => _ = gloo_utils::document_element().request_fullscreen(),
    }
}

/// Lets the key F enter and leave full screen, unless a person types.
#[hook]
pub fn use_full_screen_key() {
    use_effect_with((), |()| {
        let listener = EventListener::new(&gloo_utils::document(), "keydown", |event| {
            let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
                return;
            };
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let types = target.is_some_and(|target| target.matches("input[type=text]").unwrap_or_default());
            if event.key().eq_ignore_ascii_case("f")
                && !types
                && !event.ctrl_key()
                && !event.meta_key()
                && !event.alt_key()
            {
                toggle();
            }
        });
        move || drop(listener)
    });
}
