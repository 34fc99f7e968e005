//! The program without a cluster: does it count what happens, does it notice a loss, and does it restore what it changes?

#![expect(clippy::unwrap_used, reason = "the helpers of a test panic as the test does")]

mod api;
mod command;
mod connections;
mod harm;
mod restore;
mod secure;
mod server;
mod traffic;
