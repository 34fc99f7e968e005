//! What looks from outside.

pub mod bench;
pub mod confidence;

pub mod backend_process;
pub mod browser;
pub mod devtools;
pub mod page_server;
