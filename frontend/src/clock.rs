//! The browser's monotonic clock.

use web_sys::Performance;

/// Milliseconds since the page was loaded.
pub fn now() -> f64 {
    performance().map_or(0.0, |performance| performance.now())
}

/// Leaves a mark of this name in the browser's performance time line, for tests and measurements.
pub fn mark(name: &str) {
    // It fails only for a name that the standard keeps for itself.
    _ = performance().map(|performance| performance.mark(name));
}

fn performance() -> Option<Performance> {
    web_sys::window()?.performance()
}
