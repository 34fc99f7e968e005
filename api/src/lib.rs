//! The contract between the page and the backend: request, response, valid names and paths. No I/O.
//!
//! Page and backend compile the same types, so that they cannot disagree about the wire format. Error responses are
//! [problem documents](Problem).
//!
//! * [`name`]: a valid name, and the reasons for rejecting one
//! * [`submission`]: the request and the response of the form
//! * [`build`]: the build that a replica runs
//! * [`replica`]: a replica, as it describes itself
//! * [`fault`]: the faults that a replica injects into itself on request
//! * [`platform`]: where a replica runs
//! * [`path`]: the paths of the backend's endpoints

pub mod build;
pub mod fault;
pub mod name;
pub mod path;
pub mod platform;
pub mod replica;
pub mod submission;

pub use build::BuildInfo;
pub use fault::{Fault, FaultRequest};
pub use name::{InvalidName, Name};
pub use platform::Platform;
pub use problem::{FieldError, Problem};
pub use replica::Replica;
pub use submission::{Submission, SubmissionResponse};
