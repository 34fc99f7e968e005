//! Which build a replica runs.

use serde::{Deserialize, Serialize};

/// The answer of `GET /version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuildInfo {
    /// The version that was rolled out, such as `v2`.
    pub version: String,
    /// The commit that it was built from, or `unknown`.
    pub commit: String,
    /// The pod that answered.
    pub pod: String,
}
