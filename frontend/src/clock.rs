//! The browser's monotonic clock.

use web_sys::Performance;

/// Returns the time since the page was loaded, in milliseconds.
pub fn now() -> f64 {
    performance().map_or(0.0, |performance| performance.now())
}

/// Returns the Unix time at which the page was loaded, in milliseconds.
pub fn time_origin() -> f64 {
    performance().map_or(0.0, |performance| performance.time_origin())
}

/// Adds a mark to the browser's performance timeline, for tests and measurements.
pub fn mark(name: &str) {
    // It fails only for a name that the standard reserves.
    _ = performance().map(|performance| performance.mark(name));
}

fn performance() -> Option<Performance> {
    web_sys::window()?.performance()
}
