//! Which scenarios are run, and at which rate requests are sent.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::{
    scenario::Scenario,
    values::{duration, rate},
};

/// Keys of the plan, and flags that override them.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RunSettings {
    /// Scenarios to run, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', hide_possible_values = false)]
    pub scenarios: Vec<Scenario>,

    /// How long a scenario takes at least. It ends when the last pod that it ended is gone. [default: 20s]
    #[arg(long, value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub duration: Option<Duration>,

    /// Requests per second and route. [default: 50]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    #[serde(deserialize_with = "rate")]
    pub rate: Option<u32>,

    /// Connections that each route keeps alive. With 0, each request is sent on a new one.
    #[arg(skip)]
    pub connections: Option<u16>,

    /// How long a response may take.
    #[arg(skip)]
    #[serde(deserialize_with = "duration")]
    pub timeout: Option<Duration>,

    /// How long the cluster may take for one step. [default: 3m]
    #[arg(long, value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub wait: Option<Duration>,

    /// Send requests from a pod in the cluster: a Service then needs no external address. IMAGE is that of this program.
    #[arg(long, value_name = "IMAGE")]
    pub from_pod: Option<String>,

    /// The version of HTTP. [default: with https the server's choice, otherwise 1.1]
    #[arg(long, value_enum, value_name = "VERSION")]
    pub http: Option<HttpVersion>,

    /// PEM file of certificate authorities that https servers may have beside those of this system.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Do not check the certificates of https servers.
    #[arg(long)]
    pub insecure: bool,

    /// Fail if 99 % of the responses on a route take longer than this in a scenario.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    #[serde(deserialize_with = "duration")]
    pub fail_above_p99: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum HttpVersion {
    #[serde(rename = "1.1")]
    #[value(name = "1.1")]
    Http1,
    #[serde(rename = "2")]
    #[value(name = "2")]
    Http2,
}

impl RunSettings {
    /// Returns these settings, and the others for what is not set.
    pub fn or(self, others: Self) -> Self {
        Self {
            scenarios: match self.scenarios.is_empty() {
                true => others.scenarios,
                false => self.scenarios,
            },
            duration: self.duration.or(others.duration),
            rate: self.rate.or(others.rate),
            connections: self.connections.or(others.connections),
            timeout: self.timeout.or(others.timeout),
            wait: self.wait.or(others.wait),
            from_pod: self.from_pod.or(others.from_pod),
            http: self.http.or(others.http),
            ca: self.ca.or(others.ca),
            insecure: self.insecure || others.insecure,
            fail_above_p99: self.fail_above_p99.or(others.fail_above_p99),
        }
    }
}
