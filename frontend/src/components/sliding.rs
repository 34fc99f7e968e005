//! Moves the picture of the last minute with the clock.

use std::{cell::RefCell, rc::Rc};

use gloo_render::{AnimationFrame, request_animation_frame};
use web_sys::HtmlElement;
use yew::prelude::*;

use super::slide::SECONDS;

/// Moves the referenced element on each frame so that the right edge of the window is the current time, while `moving` is true.
///
/// The browser only moves what it has drawn already; nothing is rendered again. `newest` is the last second
/// of the picture.
#[hook]
pub fn use_sliding(newest: u32, moving: bool) -> NodeRef {
    let element = use_node_ref();
    let shown = use_mut_ref(|| newest);
    *shown.borrow_mut() = newest;
    {
        let element = element.clone();
        use_effect_with(moving, move |&moving| {
            let slide = moving.then(|| {
                let slide = Rc::new(Slide {
                    element,
                    newest: shown,
                    next: RefCell::default(),
                });
                slide.request_frame();
                slide
            });
            move || drop(slide)
        });
    }
    element
}

struct Slide {
    element: NodeRef,
    newest: Rc<RefCell<u32>>,
    next: RefCell<Option<AnimationFrame>>,
}

impl Slide {
    /// Requests the next frame, until this is dropped.
    fn request_frame(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        let next = request_animation_frame(move |now| {
            if let Some(this) = this.upgrade() {
                this.place(now);
                this.request_frame();
            }
        });
        *self.next.borrow_mut() = Some(next);
    }

    /// Moves the part of the newest second that is still in the future out of the window.
    fn place(&self, now: f64) {
        let future = 1_000.0 * f64::from(*self.newest.borrow() + 1) - now;
        if let Some(element) = self.element.cast::<HtmlElement>() {
            // A thousandth of a second's width per millisecond, as integers, because the code that formats others is large. Not an attribute, because the
            // Content-Security-Policy forbids inline styles.
            let translate = format!("calc({}% / {SECONDS}000)", 100 * future as i32);
            // It fails only for an element without styles.
            _ = element.style().set_property("translate", &translate);
        }
    }
}
