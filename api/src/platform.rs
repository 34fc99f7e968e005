//! Where a replica runs.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a replica runs. The page shows the commands of that platform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// In a pod of a cluster.
    #[default]
    Kubernetes,
    /// A process of `make run`.
    Local,
    /// A container of `docker compose up`.
    Compose,
}

impl Platform {
    /// All platforms.
    pub const ALL: [Self; 3] = [Self::Kubernetes, Self::Local, Self::Compose];

    /// Returns the name in settings and responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Local => "local",
            Self::Compose => "compose",
        }
    }
}

/// The text names no platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write kubernetes, local or compose")]
pub struct UnknownPlatform;

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(name: &str) -> Result<Self, UnknownPlatform> {
        let platform = Self::ALL.into_iter().find(|platform| platform.as_str() == name);
        platform.ok_or(UnknownPlatform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_has_the_same_name_everywhere() {
        for platform in Platform::ALL {
            assert_eq!(serde_json::to_value(platform).unwrap(), platform.as_str());
            assert_eq!(platform.as_str().parse(), Ok(platform));
        }
        assert_eq!("Kubernetes".parse::<Platform>(), Err(UnknownPlatform));
    }
}
