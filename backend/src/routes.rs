//! The handlers, a file each.

pub mod submissions;
pub mod version;
