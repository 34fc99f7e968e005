//! The benchmark: the backend as shipped beside a bare actix-web server, measured in turns.
//!
//! * [`server`]: a server under test, and the resources that it uses
//! * [`load`]: the load generator
//! * [`nginx`]: nginx in front of a server
//! * [`report`]: the measurements as a table

pub mod load;
pub mod nginx;
pub mod report;
pub mod server;
