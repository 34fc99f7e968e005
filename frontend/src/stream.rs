//! The stream: submissions at a steady rate, through the same client and with the same retries as the form's.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use api::Name;
use gloo_timers::callback::Interval;
use web_sys::AbortSignal;
use yew::platform::spawn_local;
use yew::prelude::*;

use crate::client::{self, Permit};
use crate::clock::now;
use crate::state::board::{BoardAction, Event, Pacer};

/// How often the stream looks whether a submission is due, in milliseconds: at 50 a second, one is due each time.
const TICK: u32 = 20;

/// How often the stream tells what it saw, in milliseconds. Each telling draws the board anew.
const TELL_EVERY: f64 = 100.0;

/// How many submissions may be under way at once. More would only queue up in the browser while the backend is away.
const MOST_UNDER_WAY: u32 = 100;

/// The name that the stream submits.
const NAME: &str = "the stream";

/// Sends submissions at `rate` a second for as long as `sending` holds, and tells `report` what becomes of them. When it
/// no longer holds, or the component is gone, what is under way is withdrawn at once.
#[hook]
pub fn use_stream(sending: bool, rate: u32, report: Callback<BoardAction>) {
    let chosen_rate = use_mut_ref(|| rate);
    *chosen_rate.borrow_mut() = rate;
    use_effect_with(sending, move |&sending| {
        let running = sending.then(|| start(chosen_rate, report));
        move || drop(running)
    });
}

/// What all submissions of one run share.
#[derive(Clone)]
struct Run {
    name: Name,
    withdrawn: AbortSignal,
    seen: Rc<RefCell<Vec<Event>>>,
    under_way: Rc<Cell<u32>>,
}

/// Starts a run. It ends when what is returned is dropped.
fn start(rate: Rc<RefCell<u32>>, report: Callback<BoardAction>) -> Option<(Interval, Permit)> {
    let permit = Permit::new();
    let run = Run {
        name: Name::try_from(NAME).ok()?,
        withdrawn: permit.signal(),
        seen: Rc::default(),
        under_way: Rc::default(),
    };
    let mut pacer = Pacer::default();
    let mut told = now();
    let timer = Interval::new(TICK, move || {
        let now = now();
        for _ in 0..pacer.due(now, *rate.borrow()) {
            if !run.is_full() {
                spawn_local(run.clone().send());
            }
        }
        if now - told >= TELL_EVERY {
            told = now;
            report.emit(BoardAction::Observed {
                now,
                held_back: run.is_full(),
                events: run.seen.take(),
            });
        }
    });
    Some((timer, permit))
}

impl Run {
    fn is_full(&self) -> bool {
        self.under_way.get() >= MOST_UNDER_WAY
    }

    fn saw(&self, event: Event) {
        self.seen.borrow_mut().push(event);
    }

    async fn send(self) {
        let sent = now();
        self.under_way.update(|count| count + 1);
        self.saw(Event::Sent);
        let outcome = client::submit(self.name.clone(), self.withdrawn.clone(), |_, _| {
            self.saw(Event::Retried { at: now() });
        })
        .await;
        self.under_way.update(|count| count - 1);
        match outcome {
            Some(Ok(reply)) => self.saw(Event::Answered { at: now(), reply }),
            Some(Err(_)) => self.saw(Event::Lost { sent, at: now() }),
            None => {}
        }
    }
}
