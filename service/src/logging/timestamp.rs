//! When a line was logged ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)).

use std::{
    cell::RefCell,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A second since 1970, and its date and time.
#[derive(Default)]
struct Second {
    number: u64,
    text: String,
}

thread_local! {
    /// The second of the thread's last line. To work out a date for each line would cost a fifth of the line.
    static LAST: RefCell<Second> = RefCell::default();
}

/// Writes the time by now in UTC, to the microsecond.
pub fn write_now(line: &mut Vec<u8>) {
    write(line, SystemTime::now());
}

fn write(line: &mut Vec<u8>, time: SystemTime) {
    // A clock that is set to a time before 1970 is wrong anyway.
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let number = since_1970.as_secs();
    LAST.with_borrow_mut(|last| {
        if last.text.is_empty() || last.number != number {
            let text = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(number)).to_string();
            *last = Second { number, text };
        }
        line.extend_from_slice(last.text.trim_end_matches('Z').as_bytes());
    });
    let micros = since_1970.subsec_micros();
    let digits = [100_000, 10_000, 1_000, 100, 10, 1].map(|unit| b'0' + (micros / unit % 10) as u8);
    line.push(b'.');
    line.extend_from_slice(&digits);
    line.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_microsecond_also_after_another_one() {
        let in_2026 = UNIX_EPOCH + Duration::from_secs(1_795_428_000);
        for micros in [0, 7, 999_999, 1_000_000, 1_000_001, 90_000_000] {
            let time = in_2026 + Duration::from_micros(micros);
            let mut line = Vec::new();
            write(&mut line, time);
            let expected = humantime::format_rfc3339_micros(time).to_string();
            assert_eq!(String::from_utf8(line).unwrap(), expected);
        }
    }
}
