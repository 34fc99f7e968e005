//! Every setting is a flag and an environment variable; `--help` lists them. Nothing deeper reads the environment.

use std::{net::IpAddr, time::Duration};

use clap::{Parser, ValueEnum, builder::NonEmptyStringValueParser};
use tracing::level_filters::LevelFilter;

/// Answers the submissions of the k8s-demo page.
#[derive(Debug, Clone, Parser)]
#[command(version, max_term_width = 120)]
pub struct Settings {
    /// Address to listen on; 0.0.0.0 listens on every network interface
    #[arg(long, env, default_value = "127.0.0.1", value_parser = parse_host)]
    pub host: IpAddr,

    /// Port to listen on; 0 takes a free one, and the log says which
    #[arg(long, env, default_value_t = 8000, value_parser = parse_port)]
    pub port: u16,

    /// How long to go on accepting after the first signal, for the time Kubernetes takes to send clients elsewhere,
    /// such as 5s
    #[arg(long, env, default_value = "0s", value_parser = parse_duration)]
    pub drain_time: Duration,

    /// How long requests in flight may take after that, such as 20s
    #[arg(long, env, default_value = "20s", value_parser = parse_duration)]
    pub finish_time: Duration,

    /// What a log line looks like
    #[arg(long, env, value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// What is logged: off, error, warn, info, debug or trace; probes are logged at debug
    #[arg(long, env, default_value = "info", value_parser = parse_level)]
    pub log_level: LevelFilter,

    /// Name that answers bear [default: the host's name, which in Kubernetes is the pod's]
    #[arg(long, env, default_value_t = host_name(), hide_default_value = true, value_parser = NonEmptyStringValueParser::new())]
    pub pod_name: String,

    /// Version that answers bear
    #[arg(
        long,
        env = "VERSION",
        value_name = "VERSION",
        default_value = concat!("v", env!("CARGO_PKG_VERSION")),
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub app_version: String,

    /// Commit that `/version` tells
    #[arg(long, env, default_value = "unknown", value_parser = NonEmptyStringValueParser::new())]
    pub commit: String,
}

/// What a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// `text` on a terminal, otherwise `json`
    #[default]
    Auto,
    /// One line for people
    Text,
    /// One JSON object a line
    Json,
}

fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

// Each of these says what is allowed; the libraries' own errors only say what is not.

fn parse_host(value: &str) -> Result<IpAddr, String> {
    let allowed = "write an IP address, such as 127.0.0.1, 0.0.0.0 or ::1";
    value.parse().map_err(|_| allowed.to_owned())
}

fn parse_port(value: &str) -> Result<u16, String> {
    value.parse().map_err(|_| "write a number from 0 to 65535".to_owned())
}

fn parse_duration(value: &str) -> Result<Duration, String> {
    humantime::parse_duration(value).map_err(|_| "write a number and a unit, such as 500ms, 5s or 1m".to_owned())
}

fn parse_level(value: &str) -> Result<LevelFilter, String> {
    let allowed = "write off, error, warn, info, debug or trace";
    value.parse().map_err(|_| allowed.to_owned())
}
