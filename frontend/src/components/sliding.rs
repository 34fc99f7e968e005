//! Lets the time line slide with the clock.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_render::{AnimationFrame, request_animation_frame};
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::state::board::WINDOW;

/// Slides the element of the returned reference so that its right edge is always now, frame by frame, while `moving`. The
/// browser only moves what it has drawn already, and nothing is rendered for it.
///
/// `newest` is the second that the element's last tile shows.
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
                slide.go_on();
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
    /// Asks for the next frame, as long as somebody holds this.
    fn go_on(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        let next = request_animation_frame(move |now| {
            if let Some(this) = this.upgrade() {
                this.place(now);
                this.go_on();
            }
        });
        *self.next.borrow_mut() = Some(next);
    }

    /// What of the newest second still lies in the future is moved out of sight.
    fn place(&self, now: f64) {
        let future = 1_000.0 * f64::from(*self.newest.borrow() + 1) - now;
        if let Some(element) = self.element.cast::<HtmlElement>() {
            // A thousandth of a tile each millisecond, in whole numbers, as in `rollout_line`. Set in this way, and not as an
            // attribute, since the Content-Security-Policy forbids inline styles.
            let translate = format!("calc({}% / {WINDOW}000)", 100 * future as i32);
            // It fails only where the element cannot be styled at all.
            _ = element.style().set_property("translate", &translate);
        }
    }
}
