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
    slots,
    state::cluster::{ClusterAction, Observation, Pacer},
};

/// How often a submission may become due, in milliseconds. At 50 per second, one is due each time.
const SEND_INTERVAL: u32 = 20;

/// How often a replica is asked about itself, in milliseconds.
const DESCRIBE_INTERVAL: u32 = 250;

/// How often observations are reported, in milliseconds. Each report renders the page.
const REPORT_INTERVAL: f64 = 250.0;

/// The submitted name.
const NAME: &str = "load generator";

/// Sends submissions at `rate` per second while `sending` is true, and reports what it observes.
///
/// When `sending` becomes false or the component is unmounted, the submissions in flight are cancelled.
#[hook]
pub fn use_load_generator(sending: bool, rate: u32, report: Callback<ClusterAction>) {
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
    observations: Rc<RefCell<Vec<Observation>>>,
    describing: Rc<Cell<bool>>,
}

/// Starts a run. It ends when the returned value is dropped.
fn start(rate: Rc<Cell<u32>>, report: Callback<ClusterAction>) -> Option<([Interval; 2], CancelOnDrop)> {
    let cancel = CancelOnDrop::new();
    let run = Run {
        submission: Name::try_from(NAME).ok()?.into(),
        cancelled: cancel.signal(),
        observations: Rc::default(),
        describing: Rc::default(),
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
            if slots::are_free() {
                spawn_local(run.clone().send(now));
            } else {
                run.push(Observation::Skipped);
            }
        }
        if now - last_report >= REPORT_INTERVAL {
            last_report = now;
            report.emit(ClusterAction::Observed {
                now,
                observations: run.observations.take(),
            });
        }
    });
    Some(([timer, describe], cancel))
}

impl Run {
    fn push(&self, observation: Observation) {
        self.observations.borrow_mut().push(observation);
    }

    async fn describe_replica(self) {
        if self.describing.replace(true) {
            return;
        }
        if let Some(replica) = client::describe_replica(&self.cancelled).await {
            self.push(Observation::Described { at: now(), replica });
        }
        self.describing.set(false);
    }

    async fn send(self, sent: f64) {
        self.push(Observation::Sent);
        let outcome = client::submit(self.submission.clone(), self.cancelled.clone(), |_, _| {
            self.push(Observation::Retried { at: now() });
        });
        match outcome.await {
            Some(Ok(reply)) => self.push(Observation::Answered { at: now(), reply }),
            Some(Err(_)) => self.push(Observation::Lost { sent, at: now() }),
            None => {}
        }
    }
}
