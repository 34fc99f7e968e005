//! What a person may choose.

use std::time::Duration;

use clap::{Parser, ValueEnum};

use super::scenario::Scenario;

/// Proves on the cluster that kubectl points at that rollouts, scaling and dying pods lose no submission.
///
/// Two clients send submissions at a steady rate while things happen to the cluster, and check every answer: one through
/// the front door (nginx, which passes submissions on), one straight at the backend's load balancer; each half on kept-alive
/// connections, half on new ones. Neither ever sends a submission twice. Ends with 1 when one is lost. Puts back what it
/// changed, after Ctrl-C also.
#[derive(Debug, Clone, Parser)]
#[command(version, max_term_width = 120)]
pub struct Settings {
    /// Scenarios to play, with commas between them [default: all of them]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub scenarios: Vec<Scenario>,

    /// How long a scenario runs at least; it goes on until the last pod that it ended is gone
    #[arg(long, default_value = "20s", value_parser = humantime::parse_duration)]
    pub duration: Duration,

    /// Submissions a second that each of the two clients sends
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,

    /// Connections that each client keeps alive
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub connections: u32,

    /// How long a submission may take: a slow answer is not a lost one
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,

    /// Tag of the images that are rolled out and back; both must be where the cluster finds them
    #[arg(long, default_value = "v2")]
    pub next: String,

    /// How many rolling updates the last scenario makes in a row
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rollouts: u32,

    /// Address of the front door, such as http://localhost:8080 [default: its Service's load balancer]
    #[arg(long)]
    pub front_door: Option<String>,

    /// Address of the backend, such as http://localhost:8000 [default: its Service's load balancer]
    #[arg(long)]
    pub backend: Option<String>,
}

impl Settings {
    /// The scenarios to play, in the order in which they were asked for.
    pub fn scenarios(&self) -> Vec<Scenario> {
        if self.scenarios.is_empty() {
            Scenario::value_variants().to_vec()
        } else {
            self.scenarios.clone()
        }
    }
}
