//! The requests that the page may hold at once.
//!
//! A browser opens six connections to a server that speaks HTTP/1.1. A further request waits in the browser, where its timeout
//! already runs and its latency is counted. So it waits here instead, where nothing has begun.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    task::{Poll, Waker},
};

/// The number of connections that a browser opens to one server.
const MAX_REQUESTS: usize = 6;

thread_local! {
    static SLOTS: RefCell<Slots> = const { RefCell::new(Slots { taken: 0, waiting: VecDeque::new() }) };
}

struct Slots {
    taken: usize,
    waiting: VecDeque<Waker>,
}

/// The right to one request, until it is dropped.
#[derive(Debug)]
pub struct Slot(());

impl Drop for Slot {
    fn drop(&mut self) {
        let next = SLOTS.with_borrow_mut(|slots| {
            slots.taken -= 1;
            slots.waiting.pop_front()
        });
        if let Some(next) = next {
            next.wake();
        }
    }
}

/// Returns whether a slot is free, and another one is left for the form.
pub fn are_free() -> bool {
    SLOTS.with_borrow(|slots| slots.taken + 1 < MAX_REQUESTS)
}

/// Waits until a slot is free.
pub async fn take() -> Slot {
    poll_fn(|context| {
        SLOTS.with_borrow_mut(|slots| {
            if slots.taken < MAX_REQUESTS {
                slots.taken += 1;
                return Poll::Ready(Slot(()));
            }
            slots.waiting.push_back(context.waker().clone());
            Poll::Pending
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, executor::block_on};

    use super::*;

    #[test]
    fn a_seventh_request_waits_until_another_one_ends() {
        let mut slots: Vec<Slot> = (0..MAX_REQUESTS).map(|_| block_on(take())).collect();
        assert!(!are_free());
        let mut seventh = Box::pin(take());
        assert!((&mut seventh).now_or_never().is_none());
        slots.pop();
        assert!(block_on(async { Some(seventh.await) }).is_some());
    }
}
