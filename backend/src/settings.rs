//! Every setting is a flag and an environment variable; `--help` lists them. Nothing else reads the environment.

use std::{
    env,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use api::Platform;
use clap::{
    CommandFactory, FromArgMatches, Parser,
    builder::{BoolishValueParser, NonEmptyStringValueParser},
};
use service::{Limits, Logging, logging::LogFormat};
use tracing::level_filters::LevelFilter;

/// The version that is reported where none is set: that of the crate.
const DEFAULT_VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

const VERSION_VARIABLE: &str = "K8S_DEMO_VERSION";

/// Responds to the submissions of the k8s-demo page.
#[derive(Debug, Clone, Parser)]
#[command(version, max_term_width = 120)]
pub struct Settings {
    /// Address to listen on; 0.0.0.0 is every IPv4 interface, :: every interface
    #[arg(long, env = "K8S_DEMO_HOST", default_value = "127.0.0.1", value_parser = parse_host)]
    pub host: IpAddr,

    /// Port to listen on; 0 takes a free one, which the log reports
    #[arg(long, env = "K8S_DEMO_PORT", default_value_t = 8000, value_parser = parse_port)]
    pub port: u16,

    /// Port of /healthz, /readyz and /metrics, with connections of its own [default: they are on the main port]
    #[arg(long, env = "K8S_DEMO_ADMIN_PORT", value_name = "PORT", value_parser = parse_port)]
    pub admin_port: Option<u16>,

    /// How long the listener stays open after the first signal, while Kubernetes removes the pod from its Services, such
    /// as 5s. Once it is closed, new connections are refused
    #[arg(long, env = "K8S_DEMO_DRAIN_TIME", value_name = "TIME", default_value = "5s", value_parser = parse_duration)]
    pub drain_time: Duration,

    /// How long requests in flight may take after the drain, such as 20s
    #[arg(long, env = "K8S_DEMO_SHUTDOWN_TIMEOUT", value_name = "TIME", default_value = "20s", value_parser = parse_duration)]
    pub shutdown_timeout: Duration,

    /// How long an idle connection is kept, such as 620s; longer than any load balancer before this server does
    #[arg(long, env = "K8S_DEMO_KEEP_ALIVE", value_name = "TIME", default_value = "620s", value_parser = parse_duration)]
    pub keep_alive: Duration,

    /// Format of a log line: json, text, or auto, which is text on a terminal and json elsewhere
    #[arg(long, env = "K8S_DEMO_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    pub log_format: LogFormat,

    /// Least severe level that is logged: off, error, warn, info, debug or trace; probes are logged at debug
    #[arg(long, env = "K8S_DEMO_LOG_LEVEL", value_name = "LEVEL", default_value = "info", value_parser = parse_level)]
    pub log_level: LevelFilter,

    /// Accept POST /api/faults, by which anybody who reaches the port can break this replica for a demonstration
    #[arg(long, env = "K8S_DEMO_FAULTS", value_parser = BoolishValueParser::new())]
    pub faults: bool,

    /// Never become ready, as a broken release would, to show that Kubernetes then stops the rollout
    #[arg(long, env = "K8S_DEMO_NEVER_READY", value_parser = BoolishValueParser::new())]
    pub never_ready: bool,

    /// Where the replica runs, in responses: kubernetes, local or compose. The page shows the commands of that platform
    #[arg(long, env = "K8S_DEMO_PLATFORM", value_name = "PLATFORM", default_value = Platform::Kubernetes.as_str())]
    pub platform: Platform,

    /// Pod name in responses [default: the host name, which in Kubernetes is the pod's name]
    #[arg(long, env = "K8S_DEMO_POD_NAME", value_name = "NAME", default_value_t = host_name(), hide_default_value = true, value_parser = NonEmptyStringValueParser::new())]
    pub pod_name: String,

    /// Version in responses
    #[arg(long, env = VERSION_VARIABLE, value_name = "VERSION", default_value = DEFAULT_VERSION, value_parser = NonEmptyStringValueParser::new())]
    pub app_version: String,

    /// Commit in the response of /version
    #[arg(long, env = "K8S_DEMO_COMMIT", value_name = "COMMIT", default_value = "unknown", value_parser = NonEmptyStringValueParser::new())]
    pub commit: String,

    /// Ask the replica on this machine whether it is alive, and exit: a health check for containers
    #[arg(long)]
    pub check_health: bool,
}

impl Settings {
    /// Parses the flags and variables. Prints the reason and exits where that fails.
    pub fn parse() -> Self {
        // The image sets the variable, so that `backend --version` prints the version that the image was built as.
        let version = env::var(VERSION_VARIABLE).unwrap_or_else(|_| DEFAULT_VERSION.to_owned());
        let matches = Self::command().version(version).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Returns the address to listen on.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((self.host, self.port))
    }

    /// Returns the address of the admin endpoints, where they have one of their own.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_port.map(|port| SocketAddr::from((self.host, port)))
    }

    /// Returns the limits of requests and connections.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.keep_alive = self.keep_alive;
        limits
    }

    /// Returns the settings of the log.
    pub fn logging(&self) -> Logging {
        let logging = Logging::new(self.log_format, self.log_level);
        #[cfg(feature = "otlp")]
        let logging = logging.export_as(service::otlp::Identity {
            name: "k8s-demo-backend".to_owned(),
            version: self.app_version.clone(),
            instance: self.pod_name.clone(),
        });
        logging
    }
}

fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

// The libraries' own errors say what is wrong; these say what is allowed.

fn parse_host(value: &str) -> Result<IpAddr, String> {
    let allowed = "write an IP address, such as 127.0.0.1, 0.0.0.0 or ::";
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
