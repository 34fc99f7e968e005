//! The paths of the backend's endpoints. Those of every service (`/healthz`, `/readyz`, `/metrics`) are in `service::admin`.

/// `POST`: takes a [`Submission`](crate::Submission), returns a [`SubmissionResponse`](crate::SubmissionResponse).
pub const SUBMISSIONS: &str = "/api/submissions";

/// `GET`: returns a [`BuildInfo`](crate::BuildInfo).
pub const VERSION: &str = "/version";

/// `GET`: returns the OpenAPI 3.1 description of all endpoints.
pub const OPENAPI: &str = "/openapi.json";
