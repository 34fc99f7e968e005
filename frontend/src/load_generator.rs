//! The load generator: submissions at a steady rate, through the same client and with the same retries as the form.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use api::{Name, Submission};
use gloo_timers::callback::Interval;
use web_sys::AbortSignal;
use yew::{platform::spawn_local, prelude::*};

use crate::{
    client::{self, CancelOnDrop},
    clock::now,
    state::board::{BoardAction, Event, InFlight, Pacer},
};

/// How often a submission may become due, in milliseconds. At 50 per second, one is due each time.
const SEND_INTERVAL: u32 = 20;

/// How often a replica is asked about itself, in milliseconds.
const DESCRIBE_INTERVAL: u32 = 500;

/// How often events are reported, in milliseconds. Each report renders the board.
const REPORT_INTERVAL: f64 = 100.0;

/// The maximum number of submissions in flight. More would only queue in the browser while the backend is away.
const MAX_IN_FLIGHT: usize = 100;

/// The submitted name.
const NAME: &str = "load generator";

/// Sends submissions at `rate` per second while `sending` is true, and reports their events.
///
/// When `sending` becomes false or the component is unmounted, the submissions in flight are cancelled.
#[hook]
pub fn use_load_generator(sending: bool, rate: u32, report: Callback<BoardAction>) {
    let current_rate = use_memo((), |()| Cell::new(rate));
    current_rate.set(rate);
    use_effect_with(sending, move |&sending| {
        let run = sending.then(|| start(current_rate, report));
        move || drop(run)
    });
}

/// What the submissions of one run share.
#[derive(Clone)]
struct Run {
    submission: Submission,
    cancelled: AbortSignal,
    events: Rc<RefCell<Vec<Event>>>,
    in_flight: Rc<RefCell<InFlight>>,
}

/// Starts a run. It ends when the returned value is dropped.
fn start(rate: Rc<Cell<u32>>, report: Callback<BoardAction>) -> Option<([Interval; 2], CancelOnDrop)> {
    let cancel = CancelOnDrop::new();
    let run = Run {
        submission: Name::try_from(NAME).ok()?.into(),
        cancelled: cancel.signal(),
        events: Rc::default(),
        in_flight: Rc::default(),
    };
    let describe = {
        let run = run.clone();
        Interval::new(DESCRIBE_INTERVAL, move || spawn_local(run.clone().describe_replica()))
    };
    let mut pacer = Pacer::default();
    let mut last_report = now();
    let timer = Interval::new(SEND_INTERVAL, move || {
        let now = now();
        for _ in 0..pacer.due(now, rate.get()) {
            if !run.is_full() {
                spawn_local(run.clone().send(now));
            }
        }
        if now - last_report >= REPORT_INTERVAL {
            last_report = now;
            run.give_up_overdue(now);
            report.emit(BoardAction::Observed {
                now,
                throttled: run.is_full(),
                events: run.events.take(),
            });
        }
    });
    Some(([timer, describe], cancel))
}

impl Run {
    fn is_full(&self) -> bool {
        self.in_flight.borrow().len() >= MAX_IN_FLIGHT
    }

    fn push(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    fn give_up_overdue(&self, at: f64) {
        while let Some(sent) = self.in_flight.borrow_mut().remove_overdue(at) {
            self.push(Event::Lost { sent, at });
        }
    }

    async fn describe_replica(self) {
        if let Some(replica) = client::describe_replica(self.cancelled).await {
            self.events.borrow_mut().push(Event::Described { at: now(), replica });
        }
    }

    async fn send(self, sent: f64) {
        let id = self.in_flight.borrow_mut().add(sent);
        self.push(Event::Sent);
        let outcome = client::submit(self.submission.clone(), self.cancelled.clone(), |_, _| {
            self.push(Event::Retried { at: now() });
        });
        let outcome = outcome.await;
        if self.in_flight.borrow_mut().remove(id).is_none() {
            return;
        }
        match outcome {
            Some(Ok(reply)) => self.push(Event::Answered { at: now(), reply }),
            Some(Err(_)) => self.push(Event::Lost { sent, at: now() }),
            None => {}
        }
    }
}
