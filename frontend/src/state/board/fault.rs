//! What the board says about the faults that a replica can inject into itself.

use api::Fault;

/// Returns how long a fault lasts, in seconds, unless Kubernetes ends it earlier.
///
/// The liveness probe takes 30 s to fail often enough.
pub fn fault_seconds(fault: Fault) -> u32 {
    match fault {
        Fault::Hang | Fault::Leak => 60,
        Fault::Crash | Fault::NotReady | Fault::Slow | Fault::Fail => 30,
    }
}

/// Returns what the replica does and what Kubernetes does about it.
pub fn fault_explanation(fault: Fault) -> &'static str {
    match fault {
        Fault::Crash => "exits; Kubernetes restarts it",
        Fault::Hang => "fails liveness; Kubernetes restarts it",
        Fault::NotReady => "fails readiness; gets no requests",
        Fault::Slow => "delays each response",
        Fault::Fail => "answers 500; requests are retried",
        Fault::Leak => "takes memory; Kubernetes restarts it",
    }
}

/// Returns the predicates of a sentence about the replica: while the fault lasts, and afterwards.
pub fn fault_predicates(fault: Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::Crash => ("has crashed", "crashed"),
        Fault::Hang => ("hangs", "hung"),
        Fault::NotReady => ("is not ready", "was not ready"),
        Fault::Slow => ("is slow", "was slow"),
        Fault::Fail => ("fails requests", "failed requests"),
        Fault::Leak => ("leaks memory", "leaked memory"),
    }
}
