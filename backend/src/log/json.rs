//! A log line as one flat JSON object: when and what, then the event's fields, then those of the spans around it.
//!
//! tracing-subscriber's own JSON formatter keeps a span's fields as an object, which it parses and writes again for every
//! line. Here they are kept as they will stand in the line.

use std::{
    fmt,
    io::{self, Write},
    str,
    time::SystemTime,
};

use serde::Serializer as _;
use serde_json::{Serializer, ser::Formatter};
use tracing::{Event, Subscriber, span::Record};
use tracing_serde::SerdeMapVisitor;
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

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
        let timestamp = humantime::format_rfc3339_micros(SystemTime::now());
        write!(writer, r#"{{"timestamp":"{timestamp}","level":"{}""#, metadata.level())?;
        Members.format_fields(writer.by_ref(), event)?;
        write!(writer, r#","target":"{}""#, metadata.target())?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(members) = span.extensions().get::<FormattedFields<Members>>() {
                writer.write_str(members)?;
            }
        }
        writer.write_str("}\n")
    }
}

/// Formats fields as the members of a JSON object, each with a comma before it.
pub struct Members;

impl<'writer> FormatFields<'writer> for Members {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut members = Vec::with_capacity(256);
        let mut json = Serializer::with_formatter(&mut members, OnlyMembers);
        let mut visitor = SerdeMapVisitor::new(json.serialize_map(None).map_err(|_| fmt::Error)?);
        fields.record(&mut visitor);
        visitor.finish().map_err(|_| fmt::Error)?;
        writer.write_str(str::from_utf8(&members).map_err(|_| fmt::Error)?)
    }

    fn add_fields(&self, known: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        self.format_fields(known.as_writer(), fields)
    }
}

/// Leaves out the braces. No field of an event is an object itself.
struct OnlyMembers;

impl Formatter for OnlyMembers {
    fn begin_object<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        Ok(())
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, _first: bool) -> io::Result<()> {
        writer.write_all(b",")
    }

    fn end_object<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        Ok(())
    }
}
