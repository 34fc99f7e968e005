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
    server::{Cost, Server},
};

/// For how many answers, one after the other, it is measured how long after them their log lines follow.
const LOG_DELAYS: usize = 50;

/// How often each is started to measure how long that takes.
const STARTS: usize = 20;

/// In how many turns the servers get the requests of a round.
const TURNS: usize = 20;

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
        let [backend, bare] = measure([&backend, &bare], &arguments).await?;
        backend_rounds.push(backend);
        bare_rounds.push(bare);
    }
    println!("{}", report::table(&backend_rounds, &bare_rounds));
    Ok(())
}

/// One round: the backend first, the bare server second, also in what it returns.
async fn measure(programs: [&Path; 2], arguments: &Arguments) -> anyhow::Result<[Round; 2]> {
    let start_times = start_times(programs).await?;
    let mut servers = [Server::start(programs[0]).await?, Server::start(programs[1]).await?];
    let warm_up = arguments.requests / 10;
    let warm_up = take_turns(&servers, arguments.clients, warm_up, Connections::KeptAlive).await?;

    let before = costs(&servers)?;
    let kept = take_turns(&servers, arguments.clients, arguments.requests, Connections::KeptAlive).await?;
    let between = costs(&servers)?;
    let new = take_turns(&servers, arguments.clients, arguments.requests / 5, Connections::New).await?;
    let after = costs(&servers)?;

    let mut log_delay = Duration::ZERO;
    for _ in 0..LOG_DELAYS {
        log_delay = log_delay.max(servers[0].log_delay().await?);
    }
    let log_delays = [milliseconds(log_delay), f64::NAN];

    let mut rounds = [Round::new(), Round::new()];
    for (index, server) in servers.into_iter().enumerate() {
        let (kept, new) = (&kept[index], &new[index]);
        let [before, between, after] = [&before[index], &between[index], &after[index]];
        rounds[index] = vec![
            (
                "kept-alive: CPU per request (µs)",
                per_request(between.cpu - before.cpu, kept),
            ),
            ("kept-alive: requests a second", rate(kept)),
            ("kept-alive: p50 (µs)", quantile(kept, 0.50)),
            ("kept-alive: p99 (µs)", quantile(kept, 0.99)),
            (
                "new connections: CPU per request (µs)",
                per_request(after.cpu - between.cpu, new),
            ),
            ("new connections: requests a second", rate(new)),
            ("new connections: p50 (µs)", quantile(new, 0.50)),
            ("new connections: p99 (µs)", quantile(new, 0.99)),
            ("memory after kept-alive load (MB)", between.memory as f64 / 1e6),
            ("memory after both (MB)", after.memory as f64 / 1e6),
            ("from exec to first answer (ms)", start_times[index]),
            ("from an answer to its log line, longest of 50 (ms)", log_delays[index]),
            ("binary (MB)", fs::metadata(programs[index])?.len() as f64 / 1e6),
        ];
        let log_lines = server.stop().await?;
        // One line a request, none lost: those of the first answer and of the log's delays, too. The bare server logs nothing.
        let sent = [&warm_up[index], kept, new].map(|outcome| outcome.latencies.len());
        let answered = 1 + sent.iter().sum::<u64>() + LOG_DELAYS as u64;
        ensure!(
            index == 1 || log_lines as u64 >= answered,
            "{answered} requests left only {log_lines} log lines"
        );
    }
    Ok(rounds)
}

/// How long each takes from exec to its first answer, in milliseconds: the median of many starts, in turns.
async fn start_times(programs: [&Path; 2]) -> anyhow::Result<[f64; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..STARTS {
        // The order alternates, so that each runs after the other equally often.
        let order = if number % 2 == 0 { [0, 1] } else { [1, 0] };
        for index in order {
            let server = Server::start(programs[index]).await?;
            times[index].push(milliseconds(server.start_time));
            server.kill()?;
        }
    }
    Ok(times.map(|times| report::median(times.into_iter())))
}

/// Sends `requests` to each server, in turns, so that other load on the machine affects both.
async fn take_turns(
    servers: &[Server; 2],
    clients: usize,
    requests: usize,
    connections: Connections,
) -> anyhow::Result<[Outcome; 2]> {
    let mut outcomes = [Outcome::default(), Outcome::default()];
    for _ in 0..TURNS {
        for (server, outcome) in servers.iter().zip(&mut outcomes) {
            let turn = load::run(server.address, clients, requests / TURNS, connections).await?;
            outcome.took += turn.took;
            outcome.latencies += turn.latencies;
        }
    }
    Ok(outcomes)
}

fn costs(servers: &[Server; 2]) -> anyhow::Result<[Cost; 2]> {
    Ok([servers[0].cost()?, servers[1].cost()?])
}

fn per_request(cpu: Duration, outcome: &Outcome) -> f64 {
    cpu.as_secs_f64() * 1e6 / outcome.latencies.len() as f64
}

fn rate(outcome: &Outcome) -> f64 {
    outcome.latencies.len() as f64 / outcome.took.as_secs_f64()
}

fn quantile(outcome: &Outcome, quantile: f64) -> f64 {
    outcome.latencies.value_at_quantile(quantile) as f64
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
