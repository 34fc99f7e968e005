//! The build of a replica.

use serde::{Deserialize, Serialize};

/// The response of `GET /version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuildInfo {
    /// The version, such as `v2`.
    pub version: String,
    /// The commit of the sources, or `unknown`.
    pub commit: String,
    /// The pod that sent the response.
    pub pod: String,
}
