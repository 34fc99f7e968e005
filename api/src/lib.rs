//! The contract between the page and the backend: what is sent, what is answered, and what a valid name is.
//!
//! Both sides compile these types, so neither can send what the other does not understand. Nothing here does I/O.
//!
//! * [`name`]: a person's name, and why one is refused
//! * [`submission`]: what the form sends and what a replica answers
//! * [`problem`]: the answer when something is wrong
//! * [`build`]: which build a replica runs
//! * [`path`]: where the backend answers

pub mod build;
pub mod name;
pub mod path;
pub mod problem;
pub mod submission;

pub use build::BuildInfo;
pub use name::{InvalidName, Name};
pub use problem::{FieldError, Problem};
pub use submission::{Answer, Submission};
