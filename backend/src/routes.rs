//! The handlers, a file each.

pub mod faults;
pub mod replica;
pub mod submissions;
pub mod version;
