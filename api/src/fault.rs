//! The faults that a replica injects into itself on request, so that people can watch Kubernetes react.

use serde::{Deserialize, Serialize};

/// What a replica does to itself. Every fault but [`Fault::Crash`] ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Exits at once, without draining. Kubernetes restarts the container.
    Crash,
    /// Freezes: requests wait, and liveness and readiness fail. Kubernetes restarts the container.
    Hang,
    /// Fails readiness. Kubernetes removes the pod from its Services, and adds it again afterwards.
    NotReady,
    /// Delays each submission's response. Kubernetes does nothing.
    Slow,
    /// Responds to every second submission with 500. Kubernetes does nothing.
    Fail,
    /// Allocates memory. Kubernetes kills the container at its limit (OOMKilled) and restarts it.
    Leak,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 6] = [
        Self::Crash,
        Self::Hang,
        Self::NotReady,
        Self::Slow,
        Self::Fail,
        Self::Leak,
    ];

    /// Returns the name in requests, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::NotReady => "not-ready",
            Self::Slow => "slow",
            Self::Fail => "fail",
            Self::Leak => "leak",
        }
    }

    /// Returns the shortest time that shows an effect, in seconds.
    pub fn min_seconds(self) -> u32 {
        match self {
            Self::Hang => 30, // three liveness probes, 10 s apart
            Self::Leak => 5,  // 80 MiB a second, and a limit of 256 MiB in the manifest
            Self::Crash | Self::NotReady | Self::Slow | Self::Fail => 1,
        }
    }

    /// Returns how long the page lets it last, in seconds.
    pub fn default_seconds(self) -> u32 {
        match self {
            Self::Hang | Self::Leak => 60,
            Self::Crash | Self::NotReady | Self::Slow | Self::Fail => 30,
        }
    }
}

/// The body of `POST /api/faults`, and of its response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FaultRequest {
    /// The pod that is to inject the fault. Every other one responds with 421, and the client tries again until it reaches this one.
    pub pod: String,
    /// The fault.
    pub fault: Fault,
    /// How long it lasts, in seconds: [`Fault::min_seconds`] to [`FaultRequest::MAX_SECONDS`]. A crash does not last.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 300))]
    pub seconds: u32,
}

impl FaultRequest {
    /// The longest that a fault may last, in seconds.
    pub const MAX_SECONDS: u32 = 300;

    /// Returns whether it lasts long enough to have an effect, and not too long.
    pub fn is_duration_valid(&self) -> bool {
        (self.fault.min_seconds()..=Self::MAX_SECONDS).contains(&self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_the_same_name_everywhere() {
        for fault in Fault::ALL {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.as_str());
        }
    }
}
