//! The browser's monotonic clock.

use web_sys::Performance;

/// Returns the time since the page was loaded, in milliseconds.
pub fn now() -> f64 {
    performance().map_or(0.0, |performance| performance.now())
}

/// Returns the local time of day at which [`now`] was 0, in milliseconds after some midnight.
pub fn time_of_day_at_origin() -> f64 {
    let origin = performance().map_or(0.0, |performance| performance.time_origin());
    origin - 60_000.0 * js_sys::Date::new_0().get_timezone_offset()
}

/// Adds a mark to the browser's performance timeline, for tests and measurements.
pub fn mark(name: &str) {
    // It fails only for a name that the standard reserves.
    _ = performance().map(|performance| performance.mark(name));
}

fn performance() -> Option<Performance> {
    web_sys::window()?.performance()
}
