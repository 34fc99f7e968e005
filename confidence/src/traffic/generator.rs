//! An open-loop load generator.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::client::Client;

/// Sends `rate` requests a second until `until` ends, then waits for the last outcome.
///
/// A request is sent when it is due, whether or not earlier ones are responded, and its latency counts from then. A server
/// that stalls therefore does not slow down its own measurement ("coordinated omission").
pub async fn generate(client: Arc<Client>, rate: u32, until: impl Future) {
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
        let client = client.clone();
        in_flight.spawn(async move { client.submit(due_at).await });
        while in_flight.try_join_next().is_some() {}
    }
    while in_flight.join_next().await.is_some() {}
}
