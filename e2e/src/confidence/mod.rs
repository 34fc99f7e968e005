//! The confidence run: submissions are sent at a steady rate while things happen to the cluster, and every answer is checked.
//!
//! * [`settings`]: what a person may choose
//! * [`run`]: plays the scenarios, one after the other, while the two clients send
//! * [`scenario`]: what happens to the cluster
//! * [`cluster`], [`disruption`]: what can be done to the application as it is deployed, by [`kubectl`]
//! * [`wait`]: until the cluster has done it
//! * [`load`]: a steady stream of submissions, each sent by a [`client`], counted in a [`tally`]
//! * [`report`]: the table, and the verdict

pub mod client;
pub mod cluster;
pub mod disruption;
pub mod kubectl;
pub mod load;
pub mod report;
pub mod run;
pub mod scenario;
pub mod settings;
pub mod tally;
pub mod wait;
