//! The handlers, a file each.

pub mod faults;
pub mod submissions;
pub mod version;
