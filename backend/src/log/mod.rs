//! What a log line looks like, and how it gets out of the process.
//!
//! * [`json`]: a line as one flat JSON object
//! * [`timestamp`]: the time in a line
//! * [`writer`]: the thread that writes lines, many at a time

pub mod json;
pub mod timestamp;
pub mod writer;

use std::{
    backtrace::Backtrace,
    io::{self, IsTerminal},
    panic,
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    request_span,
    settings::{LogFormat, Settings},
};
pub use writer::Log;

/// Starts the log. Whoever ends the process calls [`Log::flush`] last.
///
/// # Errors
///
/// When the operating system refuses the thread that writes.
pub fn start(settings: &Settings) -> io::Result<Log> {
    let on_terminal = io::stdout().is_terminal();
    let json = match settings.log_format {
        LogFormat::Auto => !on_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let filter = Targets::new()
        .with_default(settings.log_level)
        // Whatever clients send that is no HTTP would be an error in our log.
        .with_target("actix_http", LevelFilter::OFF)
        // It says in several lines what `startup` says in one.
        .with_target("actix_server", LevelFilter::WARN.min(settings.log_level));
    let log = Log::start(io::stdout())?;
    let lines = if json {
        // A line has the ids from the request's context, which spares each request its span.
        let filter = filter.with_target(request_span::TARGET, LevelFilter::OFF);
        json::JsonLines(log.clone()).with_filter(filter).boxed()
    } else {
        let text = fmt::layer().with_target(false).with_ansi(on_terminal);
        text.with_writer(log.clone()).with_filter(filter).boxed()
    };
    let subscriber = tracing_subscriber::registry().with(lines);
    #[cfg(feature = "otlp")]
    let subscriber = subscriber.with(crate::otlp::layer(settings)?);
    subscriber.init();
    log_panics(log.clone());
    Ok(log)
}

/// Logs a panic where it happens: there the request's span is still around it, so that the line bears the request's id.
fn log_panics(log: Log) {
    panic::set_hook(Box::new(move |panic| {
        let backtrace = Backtrace::capture();
        let location = panic.location().map(tracing::field::display);
        tracing::error!(location, %backtrace, "panicked: {}", panic.payload_as_str().unwrap_or("no message"));
        // It may be the last that this process does.
        log.flush();
    }));
}
