//! The paths of the backend's endpoints. `service` adds those of every service.

/// `POST`: takes a [`Submission`](crate::Submission), returns a [`SubmissionResponse`](crate::SubmissionResponse).
pub const SUBMISSIONS: &str = "/api/submissions";

/// `POST`: takes a [`FaultRequest`](crate::FaultRequest), and returns it when it is accepted. Off by default.
pub const FAULTS: &str = "/api/faults";

/// `GET`: returns a [`Replica`](crate::Replica). nginx sends it to every pod in turn, also to those that are not ready.
pub const REPLICA: &str = "/api/replica";

/// `GET`: returns a [`BuildInfo`](crate::BuildInfo).
pub const VERSION: &str = "/version";

/// Returns a path relative to the page, which may be served under a path of its own behind another proxy.
pub fn relative(path: &str) -> &str {
    path.trim_start_matches('/')
}
