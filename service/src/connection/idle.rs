//! The idle connections of a worker thread, one of which closes when connections run out.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    convert::Infallible,
};

use tokio::sync::oneshot;

/// The idle connections of a worker thread.
#[derive(Default)]
pub struct IdleConnections {
    /// The longest idle first. Dropping a sender closes its connection.
    queue: RefCell<BTreeMap<u64, oneshot::Sender<Infallible>>>,
    next: Cell<u64>,
    are_unwanted: Cell<bool>,
}

impl IdleConnections {
    /// Adds the calling connection, and waits until it has to close. Dropping the future removes it again.
    pub async fn wait_until_unwanted(&self) {
        if self.are_unwanted() {
            return;
        }
        let (sender, unwanted) = oneshot::channel();
        let place = Place {
            number: self.next.replace(self.next.get() + 1),
            connections: self,
        };
        self.queue.borrow_mut().insert(place.number, sender);
        // Nothing is sent: it completes when the sender is dropped.
        let _ = unwanted.await;
    }

    /// Closes the connection that has been idle longest, if there is one.
    pub fn close_longest(&self) {
        self.queue.borrow_mut().pop_first();
    }

    /// Closes all, and those that become idle later.
    pub fn close_all(&self) {
        self.are_unwanted.set(true);
        self.queue.borrow_mut().clear();
    }

    /// Returns whether [`close_all`](Self::close_all) was called.
    pub fn are_unwanted(&self) -> bool {
        self.are_unwanted.get()
    }
}

/// The place of a connection in the queue, until it is dropped.
struct Place<'connections> {
    number: u64,
    connections: &'connections IdleConnections,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.connections.queue.borrow_mut().remove(&self.number);
    }
}
