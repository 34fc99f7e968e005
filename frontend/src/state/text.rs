//! Numbers, durations and times as text. The code that formats floating-point numbers is larger than this page's form.

/// Returns a duration: `1.8 s` below ten seconds, `29 s` above.
pub fn seconds(millis: f64) -> String {
    let tenths = (millis / 100.0).round() as u32;
    match tenths {
        0..100 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ => format!("{} s", (tenths + 5) / 10),
    }
}

/// Returns a duration in its largest unit.
pub fn age(seconds: u32) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Returns a number with thin spaces between groups of three digits.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns a number and a noun in the right form, with `s` for the plural.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns the time of day, `14:02:39`, of so many milliseconds after midnight.
pub fn time_of_day(millis: f64) -> String {
    let seconds = (millis.max(0.0) / 1_000.0) as u64;
    let part = |unit: u64, modulus: u64| format!("{:02}", seconds / unit % modulus);
    [part(3_600, 24), part(60, 60), part(1, 60)].join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_durations_rounded() {
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(
            [seconds(1_849.0), seconds(9_949.0), seconds(29_400.0)],
            ["1.8 s", "9.9 s", "29 s"]
        );
        assert_eq!([age(59), age(3_599), age(90_000)], ["59 s", "59 min", "1 d"]);
        assert_eq!([count(1, "replica"), count(2, "replica")], ["1 replica", "2 replicas"]);
    }

    #[test]
    fn the_time_of_day_wraps_at_midnight() {
        assert_eq!(time_of_day(50_559_999.0), "14:02:39");
        assert_eq!(time_of_day(86_400_000.0 + 61_000.0), "00:01:01");
    }
}
