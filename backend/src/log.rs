//! Where log lines go, and what they look like.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{LogFormat, Settings};

/// The running log.
#[derive(Debug, Clone)]
pub struct Log;

impl Log {
    /// Writes what is not yet written.
    pub fn flush(&self) {}
}

/// Starts the log.
pub fn start(settings: &Settings) -> Log {
    // Of what clients send that is no HTTP, actix-http would log every bit as an error of ours.
    let filter = Targets::new()
        .with_default(settings.log_level)
        .with_target("actix_http", LevelFilter::OFF)
        .with_target("actix_server", LevelFilter::WARN);
    let json = match settings.log_format {
        LogFormat::Auto => !io::stdout().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let layer = tracing_subscriber::fmt::layer();
    let layer = if json {
        layer.json().flatten_event(true).boxed()
    } else {
        layer.with_target(false).boxed()
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
    Log
}
