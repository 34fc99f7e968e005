//! The log: what a line looks like, and how it leaves the process.
//!
//! * `line`: a line as JSON, or for people
//! * `writer`: the thread that writes lines, many at a time

mod line;
mod writer;

use std::{
    backtrace::Backtrace,
    io::{self, IsTerminal},
    panic,
    str::FromStr,
    thread,
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use self::line::Line;
pub use self::writer::Log;
use crate::middleware::request_span;

/// The settings of the log.
#[derive(Debug, Clone)]
pub struct Logging {
    format: LogFormat,
    level: LevelFilter,
    #[cfg(feature = "otlp")]
    exported_as: Option<crate::otlp::Identity>,
}

/// What a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LogFormat {
    /// Text on a terminal, otherwise JSON.
    #[default]
    Auto,
    /// A line for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The name of a log format that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("write auto, text or json")]
pub struct UnknownLogFormat;

impl FromStr for LogFormat {
    type Err = UnknownLogFormat;

    fn from_str(name: &str) -> Result<Self, UnknownLogFormat> {
        match name {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownLogFormat),
        }
    }
}

impl Default for Logging {
    fn default() -> Self {
        Self::new(LogFormat::Auto, LevelFilter::INFO)
    }
}

impl Logging {
    /// Creates the settings of a log from its format and its least severe level. Requests are logged at `info`, those of
    /// probes and metrics at `debug`.
    pub fn new(format: LogFormat, level: LevelFilter) -> Self {
        Self {
            format,
            level,
            #[cfg(feature = "otlp")]
            exported_as: None,
        }
    }

    /// Exports spans too, as those of this service.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn export_as(mut self, identity: crate::otlp::Identity) -> Self {
        self.exported_as = Some(identity);
        self
    }

    /// Starts the log of this process: installs the global subscriber of `tracing`, and a panic hook. Call it once, in `main`,
    /// and keep the result to the end: dropping it writes every line.
    ///
    /// # Errors
    ///
    /// When a global subscriber is installed already, the operating system refuses the writer's thread, or the variables of
    /// OpenTelemetry are invalid.
    pub fn start(self) -> io::Result<Log> {
        let on_terminal = io::stdout().is_terminal();
        let json = match self.format {
            LogFormat::Auto => !on_terminal,
            LogFormat::Text => false,
            LogFormat::Json => true,
        };
        let filter = Targets::new()
            .with_default(self.level)
            // It would log malformed requests as errors of this server.
            .with_target("actix_http", LevelFilter::OFF)
            // It logs several lines for what `server` logs in one.
            .with_target("actix_server", LevelFilter::WARN.min(self.level))
            // A line has the ids of its request, not the fields of the span that is exported.
            .with_target(request_span::TARGET, LevelFilter::OFF);
        let log = Log::start(io::stdout())?;
        let lines = fmt::layer().with_writer(log.clone());
        let lines = if json {
            let lines = lines.json().event_format(Line::json());
            lines.with_filter(filter).boxed()
        } else {
            let lines = lines.event_format(Line::text(on_terminal));
            lines.with_filter(filter).boxed()
        };
        let subscriber = tracing_subscriber::registry().with(lines);
        #[cfg(feature = "otlp")]
        let subscriber = {
            let export = |identity| crate::otlp::layer(identity, crate::middleware::TARGET);
            subscriber.with(self.exported_as.map(export).transpose()?)
        };
        subscriber.try_init().map_err(io::Error::other)?;
        log_panics(log.clone());
        Ok(log)
    }
}

/// Logs a panic where it happens, so that the line carries the request's id.
fn log_panics(log: Log) {
    panic::set_hook(Box::new(move |panic| {
        let backtrace = Backtrace::capture();
        let location = panic.location().map(tracing::field::display);
        tracing::error!(location, %backtrace, "panicked: {}", panic.payload_as_str().unwrap_or("no message"));
        // A panic of the main thread ends the process. Other threads continue, and must not wait for a log that is not being read.
        if thread::current().name() == Some("main") {
            log.flush();
        }
    }));
}
