//! A steady stream of submissions.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};

use super::client::Client;
use super::tally::Tally;

/// A tally that is read while it is kept.
#[derive(Debug, Clone, Default)]
pub struct SharedTally(Arc<Mutex<Tally>>);

impl SharedTally {
    /// The tally as it stands.
    pub fn read(&self) -> Tally {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends `rate` submissions a second until `until` ends, and waits for the last answer.
///
/// Each is sent when it is due, whether or not the ones before it are answered, and its time counts from then: a cluster
/// that stalls does not slow down those who want something of it.
pub async fn run(client: Arc<Client>, rate: u32, tally: SharedTally, until: impl Future) {
    let mut due = interval(Duration::from_secs(1) / rate);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut in_flight = JoinSet::new();
    tokio::pin!(until);
    loop {
        let due_at = tokio::select! {
            biased;
            _ = &mut until => break,
            due_at = due.tick() => due_at,
        };
        let (client, tally) = (client.clone(), tally.clone());
        in_flight.spawn(async move {
            tally.lock().sent();
            let outcome = client.submit().await;
            tally.lock().record(outcome, Instant::now() - due_at);
        });
        while in_flight.try_join_next().is_some() {}
    }
    while in_flight.join_next().await.is_some() {}
}
