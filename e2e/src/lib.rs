//! Black-box tests: their helpers.
//!
//! * [`browser`], [`devtools`]: real browsers, for the tests of the page and its screenshots
//! * [`page_server`]: serves the built page beside a backend, as the frontend image does
//! * [`backend_process`]: the backend's own binary, started and ended by a test

pub mod backend_process;
pub mod browser;
pub mod devtools;
pub mod page_server;
