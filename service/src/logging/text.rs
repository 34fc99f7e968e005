//! A log line for people: as tracing-subscriber formats an event, followed by the ids of the request.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Writer},
    },
    registry::LookupSpan,
};

use crate::middleware::request_metadata::RequestMetadata;

/// The format of a line.
pub struct TextLines(Format);

impl TextLines {
    /// Creates the format, with colours or without.
    pub fn new(with_colours: bool) -> Self {
        Self(Format::default().with_target(false).with_ansi(with_colours))
    }
}

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(line.trim_end())?;
        let write_ids = |request: &RequestMetadata| {
            let mut ids = request.ids();
            ids.try_for_each(|(name, id)| write!(writer, " {name}={id:?}"))
        };
        RequestMetadata::with_current(write_ids).unwrap_or(Ok(()))?;
        writeln!(writer)
    }
}
