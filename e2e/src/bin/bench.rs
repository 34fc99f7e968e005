//! `make bench`: what the backend as shipped costs beside a bare actix-web server.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::ensure;
use clap::Parser;
use e2e::bench::{
    load::{self, Connections, Outcome},
    report::{self, Round},
    server::Server,
};

/// For how many answers, one after the other, it is measured how long after them their log lines follow.
const LOG_DELAYS: usize = 50;

/// Measures the backend as shipped beside a bare actix-web server, in turns, and prints the medians.
#[derive(Parser)]
struct Arguments {
    /// How many times each is measured
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How many clients send at the same time
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// How many requests are sent in a round on kept-alive connections; on new ones it is a fifth
    #[arg(long, default_value_t = 200_000)]
    requests: usize,
    /// The backend [default: beside this program]
    #[arg(long)]
    backend: Option<PathBuf>,
    /// The bare server [default: beside this program]
    #[arg(long)]
    bare: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let beside = |name| env::current_exe().map(|this| this.with_file_name(name));
    let backend = arguments.backend.clone().map_or_else(|| beside("backend"), Ok)?;
    let bare = arguments.bare.clone().map_or_else(|| beside("bare"), Ok)?;

    let (mut backend_rounds, mut bare_rounds) = (Vec::new(), Vec::new());
    for number in 1..=arguments.rounds {
        eprintln!("round {number} of {}", arguments.rounds);
        let (round, log_lines) = measure(&backend, &arguments, true).await?;
        // One line a request, none lost: the first answer's, the warm-up's and the measured ones'.
        let answered = 1 + arguments.requests / 10 + arguments.requests + arguments.requests / 5 + LOG_DELAYS;
        ensure!(
            log_lines >= answered,
            "{answered} requests left only {log_lines} log lines"
        );
        backend_rounds.push(round);
        bare_rounds.push(measure(&bare, &arguments, false).await?.0);
    }
    println!("{}", report::table(&backend_rounds, &bare_rounds));
    Ok(())
}

async fn measure(program: &Path, arguments: &Arguments, logs: bool) -> anyhow::Result<(Round, usize)> {
    let mut server = Server::start(program).await?;
    let run = |requests, connections| load::run(server.address, arguments.clients, requests, connections);
    run(arguments.requests / 10, Connections::KeptAlive).await?;

    let before = server.cost()?;
    let kept = run(arguments.requests, Connections::KeptAlive).await?;
    let between = server.cost()?;
    let new = run(arguments.requests / 5, Connections::New).await?;
    let after = server.cost()?;

    let mut log_delay = None;
    for _ in 0..if logs { LOG_DELAYS } else { 0 } {
        log_delay = log_delay.max(Some(server.log_delay().await?));
    }

    let per_request = |cpu: Duration, requests: usize| cpu.as_secs_f64() * 1e6 / requests as f64;
    let quantile = |outcome: &Outcome, quantile| outcome.latencies.value_at_quantile(quantile) as f64;
    let rate = |outcome: &Outcome| outcome.latencies.len() as f64 / outcome.took.as_secs_f64();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let round = vec![
        (
            "kept-alive: CPU per request (µs)",
            per_request(between.cpu - before.cpu, arguments.requests),
        ),
        ("kept-alive: requests a second", rate(&kept)),
        ("kept-alive: p50 (µs)", quantile(&kept, 0.50)),
        ("kept-alive: p99 (µs)", quantile(&kept, 0.99)),
        (
            "new connections: CPU per request (µs)",
            per_request(after.cpu - between.cpu, arguments.requests / 5),
        ),
        ("new connections: requests a second", rate(&new)),
        ("new connections: p50 (µs)", quantile(&new, 0.50)),
        ("new connections: p99 (µs)", quantile(&new, 0.99)),
        ("memory after kept-alive load (MB)", between.memory as f64 / 1e6),
        ("memory after both (MB)", after.memory as f64 / 1e6),
        ("from exec to first answer (ms)", milliseconds(server.start_time)),
        (
            "from an answer to its log line, longest of 50 (ms)",
            log_delay.map_or(f64::NAN, milliseconds),
        ),
        ("binary (MB)", fs::metadata(program)?.len() as f64 / 1e6),
    ];
    Ok((round, server.stop().await?))
}
