//! A log line as one flat JSON object: timestamp and level, the fields of the event, the ids of the request, and the fields of
//! the spans around it.
//!
//! tracing-subscriber's own JSON formatter stores the fields of a span as JSON text, which it parses and encodes again for every
//! line. Here they are stored as they appear in a line, and every thread reuses one buffer. With that formatter, a line
//! costs 6.7 µs of CPU instead of 2.5, which is 5 to 11 % of a submission at the front door; with the crates `json-subscriber` or
//! `tracing-flat-json`, a request of the backend costs 15 % more.

use std::{cell::Cell, fmt::Debug, io::Write, time::SystemTime};

use serde::Serialize;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::writer::Log;
use crate::middleware::request_metadata::RequestMetadata;

/// The layer that logs each event as a line.
pub struct JsonLines(pub Log);

/// The fields of a span, encoded as they appear in a line.
struct Members(Vec<u8>);

thread_local! {
    /// The buffer in which a thread encodes its lines.
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, fields: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut members = Vec::new();
        fields.record(&mut MemberWriter(&mut members));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Members(members));
        }
    }

    fn on_record(&self, id: &Id, fields: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(Members(members)) = span.extensions_mut().get_mut()
        {
            fields.record(&mut MemberWriter(members));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // Taken, not borrowed: a logged value may log something while it is formatted.
        let mut line = LINE.take();
        write_line(&mut line, event, &context);
        self.0.push(&line);
        line.clear();
        LINE.set(line);
    }
}

fn write_line<S: Subscriber + for<'a> LookupSpan<'a>>(line: &mut Vec<u8>, event: &Event<'_>, context: &Context<'_, S>) {
    line.extend_from_slice(br#"{"timestamp":""#);
    let now = humantime::format_rfc3339_micros(SystemTime::now());
    write!(line, "{now}").expect("writing to memory does not fail");
    line.push(b'"');
    let mut members = MemberWriter(line);
    members.write_plain("level", event.metadata().level().as_str());
    event.record(&mut members);
    RequestMetadata::with_current(|request| {
        for (name, id) in request.ids() {
            members.write_plain(name, id);
        }
    });
    for span in context.event_scope(event).into_iter().flatten() {
        if let Some(Members(members)) = span.extensions().get() {
            line.extend_from_slice(members);
        }
    }
    line.extend_from_slice(b"}\n");
}

/// Encodes each visited field as a member of a JSON object, with a comma before it.
struct MemberWriter<'a>(&'a mut Vec<u8>);

impl MemberWriter<'_> {
    fn write(&mut self, name: &str, value: impl Serialize) {
        self.write_name(name);
        serde_json::to_writer(&mut *self.0, &value).expect("writing to memory does not fail");
    }

    /// Like `write`, for text. serde_json examines each character separately, which takes half of the time of a line.
    fn write_text(&mut self, name: &str, text: &str) {
        if needs_escape(text) {
            self.write(name, text);
        } else {
            self.write_plain(name, text);
        }
    }

    /// Like `write_text`, for text without characters to escape.
    fn write_plain(&mut self, name: &str, text: &str) {
        self.write_name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
    }

    /// Names are Rust identifiers and have no characters to escape.
    fn write_name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

/// Returns whether a JSON string has to escape a character of the text (RFC 8259, section 7). It examines all bytes even after
/// the first that decides, which the compiler vectorizes.
fn needs_escape(text: &str) -> bool {
    let is_special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    text.bytes().fold(false, |found, byte| found | is_special(byte))
}

impl Visit for MemberWriter<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write_text(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field.name(), format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    struct Sent(Sender<Vec<u8>>);

    impl Write for Sent {
        fn write(&mut self, lines: &[u8]) -> std::io::Result<usize> {
            self.0.send(lines.to_vec()).map_err(std::io::Error::other)?;
            Ok(lines.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_the_fields_of_all_spans_around_it_even_those_recorded_late() {
        let (sender, lines) = channel();
        let log = Log::start(Sent(sender)).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(JsonLines(log)), || {
            let _outer = tracing::info_span!("outer", a = 1).entered();
            let inner = tracing::info_span!("inner", b = "two\n\"", c = tracing::field::Empty).entered();
            inner.record("c", true);
            tracing::info!(d = 0.5, "said");
        });
        let line: serde_json::Value = serde_json::from_slice(&lines.recv().unwrap()).unwrap();
        let said = serde_json::json!({"message": "said", "level": "INFO", "a": 1, "b": "two\n\"", "c": true, "d": 0.5});
        for (name, value) in said.as_object().unwrap() {
            assert_eq!(line[name], *value, "{name} in {line}");
        }
    }
}
