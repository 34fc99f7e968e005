//! The benchmark: the backend as shipped beside a bare actix-web server, measured in turns.
//!
//! * [`server`]: starts one of them, and reads what it costs
//! * [`load`]: the requests
//! * [`nginx`]: nginx in front of one of them
//! * [`report`]: what was measured, as a table

pub mod load;
pub mod nginx;
pub mod report;
pub mod server;
