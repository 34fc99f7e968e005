//! The paths on which the backend answers.

/// `POST`: takes a [`Submission`](crate::Submission), answers with an [`Answer`](crate::Answer).
pub const SUBMISSIONS: &str = "/api/submissions";

/// `GET`: 200 while the process lives. Kubernetes restarts the container when it fails (liveness).
pub const HEALTHZ: &str = "/healthz";

/// `GET`: 200 while the replica wants traffic, 503 while it drains. Kubernetes takes the pod out of its Services when it
/// fails (readiness).
pub const READYZ: &str = "/readyz";

/// `GET`: a [`BuildInfo`](crate::BuildInfo).
pub const VERSION: &str = "/version";

/// `GET`: the description of all this as OpenAPI 3.1.
pub const OPENAPI: &str = "/openapi.json";

/// `GET`: the replica's metrics in the Prometheus text format.
pub const METRICS: &str = "/metrics";
