//! A log line as one flat JSON object: when and what, then the event's fields, then those of the spans around it.
//!
//! tracing-subscriber's own JSON formatter keeps a span's fields as an object, which it parses and writes again for every
//! line. Here they are kept as they will stand in the line, and a line is put together in one piece of memory.

use std::{cell::Cell, fmt::Debug, io::Write, time::SystemTime};

use serde::Serialize;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::Log;

/// How many bytes the fields of a request's span take, about.
const MEMBERS_SIZE: usize = 192;

/// Logs each event as a line.
pub struct JsonLines(pub Log);

/// A span's fields, as they will stand in each of its lines.
struct Members(Vec<u8>);

thread_local! {
    /// The memory in which a thread puts its lines together, one after the other.
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, fields: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut members = Vec::with_capacity(MEMBERS_SIZE);
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
        // Taken, not borrowed: what is logged may itself log while it is written.
        let mut line = LINE.take();
        write_line(&mut line, event, &context);
        self.0.push(&line);
        line.clear();
        LINE.set(line);
    }
}

fn write_line<S: Subscriber + for<'a> LookupSpan<'a>>(line: &mut Vec<u8>, event: &Event<'_>, context: &Context<'_, S>) {
    let timestamp = humantime::format_rfc3339_micros(SystemTime::now());
    let metadata = event.metadata();
    write!(line, r#"{{"timestamp":"{timestamp}""#).expect("memory takes whatever is written");
    let mut members = MemberWriter(line);
    members.write("level", metadata.level().as_str());
    event.record(&mut members);
    members.write("target", metadata.target());
    for span in context.event_scope(event).into_iter().flatten() {
        if let Some(Members(members)) = span.extensions().get() {
            line.extend_from_slice(members);
        }
    }
    line.extend_from_slice(b"}\n");
}

/// Writes each field that it is shown as a member of a JSON object, with a comma before it.
struct MemberWriter<'a>(&'a mut Vec<u8>);

impl MemberWriter<'_> {
    /// Names are those of Rust's fields, in which there is nothing to escape.
    fn write(&mut self, name: &str, value: impl Serialize) {
        for part in [",\"", name, "\":"] {
            self.0.extend_from_slice(part.as_bytes());
        }
        serde_json::to_writer(&mut *self.0, &value).expect("memory takes whatever is written");
    }
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
        self.write(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field.name(), format_args!("{value:?}"));
    }
}
