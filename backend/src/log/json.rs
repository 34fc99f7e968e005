//! A log line as one flat JSON object: when and what, then the event's fields, then those of the spans around it.
//!
//! tracing-subscriber's own JSON formatter keeps a span's fields as an object, which it parses and writes again for every
//! line. Here they are kept as they will stand in the line.

use std::{
    fmt::{self, Debug},
    io::Write,
    str,
    time::SystemTime,
};

use serde::Serialize;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::Record,
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

/// How many bytes a line has, about. It is built up by itself: the formatter's writer is slow at many small writes.
const LINE_SIZE: usize = 512;

/// How many bytes the fields of a request's span have, about.
const MEMBERS_SIZE: usize = 192;

/// Formats an event as a line.
pub struct Line;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, Members> for Line {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Members>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Vec::with_capacity(LINE_SIZE);
        let timestamp = humantime::format_rfc3339_micros(SystemTime::now());
        write!(line, r#"{{"timestamp":"{timestamp}""#).map_err(|_| fmt::Error)?;
        let mut members = MemberWriter(&mut line);
        members.write("level", metadata.level().as_str());
        event.record(&mut members);
        members.write("target", metadata.target());
        for span in context.event_scope().into_iter().flatten() {
            if let Some(members) = span.extensions().get::<FormattedFields<Members>>() {
                line.extend_from_slice(members.as_bytes());
            }
        }
        line.extend_from_slice(b"}\n");
        writer.write_str(str::from_utf8(&line).map_err(|_| fmt::Error)?)
    }
}

/// Formats a span's fields as members of a JSON object, each with a comma before it.
pub struct Members;

impl<'writer> FormatFields<'writer> for Members {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut members = Vec::with_capacity(MEMBERS_SIZE);
        fields.record(&mut MemberWriter(&mut members));
        writer.write_str(str::from_utf8(&members).map_err(|_| fmt::Error)?)
    }

    fn add_fields(&self, known: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        self.format_fields(known.as_writer(), fields)
    }
}

/// Writes each field that it is shown as a member of a JSON object, with a comma before it.
struct MemberWriter<'a>(&'a mut Vec<u8>);

impl MemberWriter<'_> {
    /// Names are those of Rust's fields, in which there is nothing to escape.
    fn write(&mut self, name: &str, value: impl Serialize) {
        for part in [",\"", name, "\":"] {
            self.0.extend_from_slice(part.as_bytes());
        }
        serde_json::to_writer(&mut *self.0, &value).expect("a number or a text can always be written into memory");
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
