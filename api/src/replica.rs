//! A replica, as it describes itself.

use serde::{Deserialize, Serialize};

use crate::platform::Platform;

/// The response of `GET /api/replica`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Replica {
    /// The pod that sent the response.
    pub pod: String,
    /// The version, such as `v2`.
    pub version: String,
    /// Whether the application reports itself ready.
    pub ready: bool,
    /// Where the pod runs.
    pub platform: Platform,
}
