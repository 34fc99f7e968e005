//! A log line as tracing-subscriber formats it, followed by the ids of its request.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, Writer},
    },
    registry::LookupSpan,
};

use crate::middleware::request_metadata::RequestMetadata;

/// More bytes than most lines have, so that they are allocated once.
const CAPACITY: usize = 512;

/// The format of a line.
pub struct Line<F> {
    format: F,
    /// What follows the fields of a line.
    end: &'static str,
    write_id: fn(&mut Writer<'_>, &str, &str) -> fmt::Result,
}

impl Line<Format<Json>> {
    /// Creates the format of a line as one JSON object. The fields of the spans around an event are the list `spans`.
    pub fn json() -> Self {
        Self {
            format: Format::default()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_target(false),
            end: "}",
            write_id: |writer, name, id| write!(writer, r#","{name}":"{id}""#),
        }
    }
}

impl Line<Format> {
    /// Creates the format of a line for people, with colours or without.
    pub fn text(with_colours: bool) -> Self {
        Self {
            format: Format::default().with_target(false).with_ansi(with_colours),
            end: "",
            write_id: |writer, name, id| write!(writer, " {name}={id:?}"),
        }
    }
}

impl<F, S, N> FormatEvent<S, N> for Line<F>
where
    F: FormatEvent<S, N>,
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::with_capacity(CAPACITY);
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end();
        writer.write_str(line.strip_suffix(self.end).unwrap_or(line))?;
        let write_ids = |request: &RequestMetadata| {
            let mut ids = request.ids();
            ids.try_for_each(|(name, id)| (self.write_id)(&mut writer, name, id))
        };
        RequestMetadata::with_current(write_ids).unwrap_or(Ok(()))?;
        writeln!(writer, "{}", self.end)
    }
}
