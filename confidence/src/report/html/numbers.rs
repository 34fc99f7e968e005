//! Times, as the page writes them.

pub fn milliseconds(time: f64) -> String {
    match time {
        time if time >= 1000.0 => format!("{:.1} s", time / 1000.0),
        time if time >= 10.0 => format!("{time:.0} ms"),
        time => format!("{time:.1} ms"),
    }
}

pub fn seconds(time: f64) -> String {
    format!("{time:.1} s")
}
