//! Traffic: requests at a steady rate on every route, and what became of each.
//!
//! * [`request`]: what is sent, and what a response must contain
//! * [`field`]: where a response says something
//! * [`client`]: sends one request, on a kept-alive or on a new [`connection`]
//! * [`resolver`]: the addresses of a host
//! * [`source_port`]: the port that a connection comes from
//! * [`tls`] encrypts
//! * [`generator`]: sends requests when they are due
//! * [`outcome`]: a response, or a loss and its kind
//! * [`statistics`]: the outcomes of one route in one scenario

pub mod client;
pub mod connection;
pub mod field;
pub mod generator;
pub mod outcome;
pub mod request;
pub mod resolver;
mod source_port;
pub mod statistics;
pub mod tls;
