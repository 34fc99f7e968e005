//! The words for the faults that a replica can inject into itself.

use api::Fault;

/// The words for a fault.
#[derive(Debug, Clone, Copy)]
pub struct FaultWords {
    /// What the menu calls it.
    pub title: &'static str,
    /// What the replica does, and what Kubernetes does about it.
    pub effect: &'static str,
    /// The predicate of a sentence about the replica while it lasts.
    pub present: &'static str,
    /// The same afterwards.
    pub past: &'static str,
    /// One or two words beside its lane.
    pub state: &'static str,
}

/// Returns the words for a fault.
pub fn words(fault: Fault) -> FaultWords {
    let [title, effect, present, past, state] = match fault {
        Fault::Crash => [
            "Stop the process",
            "It exits, and Kubernetes restarts it.",
            "crashed",
            "crashed",
            "restarting",
        ],
        Fault::Hang => [
            "Freeze it",
            "It answers nothing. Kubernetes restarts it.",
            "is frozen",
            "was frozen",
            "frozen",
        ],
        Fault::NotReady => [
            "Fail readiness",
            "It stays up, but gets no submissions.",
            "is not ready",
            "was not ready",
            "not ready",
        ],
        Fault::Slow => [
            "Answer slowly",
            "Each answer takes half a second longer.",
            "answers slowly",
            "answered slowly",
            "slow",
        ],
        Fault::Fail => [
            "Answer with errors",
            "Every second one fails, and is sent again.",
            "answers with errors",
            "answered with errors",
            "errors",
        ],
        Fault::Leak => [
            "Leak memory",
            "It grows, until Kubernetes restarts it.",
            "leaks memory",
            "leaked memory",
            "leaking",
        ],
    };
    FaultWords {
        title,
        effect,
        present,
        past,
        state,
    }
}
