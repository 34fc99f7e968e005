//! How far a connection is with a request.

use std::{cell::Cell, rc::Rc};

use actix_web::HttpRequest;
use tokio::time::Instant;

use crate::limits::Limits;

/// Where the requests on a connection say when they begin and end. Clones are of the same connection.
#[derive(Debug, Clone)]
pub struct Progress(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    phase: Cell<Phase>,
    has_answered: Cell<bool>,
    limits: Rc<Limits>,
}

/// What a connection is at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Phase {
    /// No byte of a next request has come.
    Idle { until: Instant },
    /// A request's head has begun to arrive.
    Head { since: Instant, bytes: usize },
    /// So much of it has arrived that it is too large, unless it is complete: that shows in one turn of actix-web's.
    LargeHead { since: Instant },
    /// A request is being answered. Its body may still be arriving.
    Answering { since: Instant },
    /// Whatever still comes is dropped.
    Ending { until: Instant },
}

impl Progress {
    /// The progress of a request's connection.
    pub fn of(request: &HttpRequest) -> &Self {
        request
            .conn_data()
            .expect("the server gives each connection its progress")
    }

    /// The progress of a connection on which a first request may be waited for `until` then, and for each later one the
    /// keep-alive time.
    pub(super) fn new(until: Instant, limits: Rc<Limits>) -> Self {
        Self(Rc::new(Shared {
            phase: Cell::new(Phase::Idle { until }),
            has_answered: Cell::new(false),
            limits,
        }))
    }

    /// The limits of the connection.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The phase that the connection is in.
    pub(super) fn phase(&self) -> Phase {
        self.0.phase.get()
    }

    /// Whether a request was answered on it.
    pub(super) fn has_answered(&self) -> bool {
        self.0.has_answered.get()
    }

    /// So many bytes have arrived.
    pub(super) fn count(&self, bytes: usize) {
        let (since, before) = match self.phase() {
            Phase::Idle { .. } => (Instant::now(), 0),
            Phase::Head { since, bytes } => (since, bytes),
            Phase::LargeHead { .. } | Phase::Answering { .. } | Phase::Ending { .. } => return,
        };
        let bytes = before + bytes;
        self.enter(Phase::Head { since, bytes });
    }

    /// A request's head was complete `now`.
    pub fn begin(&self, now: Instant) {
        self.enter(Phase::Answering { since: now });
    }

    /// Whether the request's body, if it is not complete by now, took too long. The request is polled when that begins to
    /// be so.
    pub fn is_body_late(&self) -> bool {
        matches!(self.phase(), Phase::Answering { since } if since.elapsed() >= self.0.limits.read_timeout)
    }

    /// The request was answered, by `now`.
    pub fn end(&self, now: Instant) {
        let until = now + self.0.limits.keep_alive;
        self.enter(Phase::Idle { until });
        self.0.has_answered.set(true);
    }

    /// Goes on to a phase, but for a connection that is ending: it goes on ending.
    pub(super) fn enter(&self, phase: Phase) {
        if !matches!(self.phase(), Phase::Ending { .. }) {
            self.0.phase.set(phase);
        }
    }
}
