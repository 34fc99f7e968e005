//! `make bench`: the CPU time, memory and start of the backend and of `service/examples/hello.rs`, beside bare actix-web.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::ensure;
use clap::Parser;
use e2e::bench::{
    load::{self, Connections, GREETING, Outcome, Request, SUBMISSION},
    report::{self, Round},
    server::{Cost, Server},
};

/// The number of requests whose log lines are timed.
const LOG_DELAYS: usize = 50;

/// The number of starts in a round.
const STARTS: usize = 100;

/// The number of turns in which the servers get the requests of a round.
const TURNS: usize = 20;

// The figures with a budget.
const CPU: &str = "kept-alive: CPU per request (µs)";
const MEMORY: &str = "memory after both (MB)";
const START: &str = "from exec to first response (ms)";

/// Measures the backend as shipped, then the smallest service on the same crate, each in turns with a bare actix-web server, and
/// prints the medians.
#[derive(Parser)]
struct Arguments {
    /// Rounds of measurements
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Clients that send at the same time
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Requests of a round on kept-alive connections; on new ones it is a fifth
    #[arg(long, default_value_t = 200_000)]
    requests: usize,
    /// The backend [default: beside this program]
    #[arg(long)]
    backend: Option<PathBuf>,
    /// The bare server [default: beside this program]
    #[arg(long)]
    bare: Option<PathBuf>,
    /// Fails when the CPU time of the backend per request is above this multiple of the bare server's (budget: 1.20)
    #[arg(long, value_name = "RATIO")]
    fail_above_cpu: Option<f64>,
    /// Fails when the memory of the backend is above this (budget: 8)
    #[arg(long, value_name = "MB")]
    fail_above_memory: Option<f64>,
    /// Fails when the start of the backend takes more than this multiple of the bare server's (budget: 1.25)
    #[arg(long, value_name = "RATIO")]
    fail_above_start: Option<f64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let beside = |name| env::current_exe().map(|this| this.with_file_name(name));
    let backend = arguments.backend.clone().map_or_else(|| beside("backend"), Ok)?;
    let bare = arguments.bare.clone().map_or_else(|| beside("bare"), Ok)?;
    let hello = beside("examples/hello")?;

    for (name, program, request) in [("backend", backend, SUBMISSION), ("hello", hello, GREETING)] {
        let (mut rounds, mut bare_rounds) = (Vec::new(), Vec::new());
        for number in 1..=arguments.rounds {
            eprintln!("{name}: round {number} of {}", arguments.rounds);
            let [ours, theirs] = measure([&program, &bare], request, &arguments).await?;
            rounds.push(ours);
            bare_rounds.push(theirs);
        }
        println!("{}", report::table(name, &rounds, &bare_rounds));
        if name != "backend" {
            continue; // The budgets are the backend's: what a request costs at least weighs more where it does less.
        }
        for (figure, limit, bare) in [
            (CPU, arguments.fail_above_cpu, Some(&*bare_rounds)),
            (MEMORY, arguments.fail_above_memory, None),
            (START, arguments.fail_above_start, Some(&*bare_rounds)),
        ] {
            let value = report::median_of(figure, &rounds, bare);
            if let Some(limit) = limit {
                // Not `value > limit`: a figure that could not be measured fails too.
                ensure!(value <= limit, "{name}, {figure}: {value:.2} is above {limit}");
            }
        }
    }
    Ok(())
}

/// Measures one round of two servers, of which the second is the bare one.
async fn measure(programs: [&Path; 2], request: Request, arguments: &Arguments) -> anyhow::Result<[Round; 2]> {
    let start_times = start_times(programs, request).await?;
    let mut servers = [
        Server::start(programs[0], request).await?,
        Server::start(programs[1], request).await?,
    ];
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
            (CPU, per_request(between.cpu - before.cpu, kept)),
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
            (MEMORY, after.memory as f64 / 1e6),
            (START, start_times[index]),
            ("from a response to its log line, longest of 50 (ms)", log_delays[index]),
            ("binary (MB)", fs::metadata(programs[index])?.len() as f64 / 1e6),
        ];
        let log_lines = server.stop().await?;
        // One line a request, also for the first one and for the log delays. The bare server logs nothing.
        let sent = [&warm_up[index], kept, new].map(|outcome| outcome.latencies.len());
        let answered = 1 + sent.iter().sum::<u64>() + LOG_DELAYS as u64;
        ensure!(
            index == 1 || log_lines as u64 >= answered,
            "{answered} requests left only {log_lines} log lines"
        );
    }
    Ok(rounds)
}

/// Returns the medians of the times from exec to the first response, in milliseconds. The servers start in turns.
async fn start_times(programs: [&Path; 2], request: Request) -> anyhow::Result<[f64; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..STARTS {
        // The order alternates, so that each runs after the other equally often.
        let order = if number % 2 == 0 { [0, 1] } else { [1, 0] };
        for index in order {
            let server = Server::start(programs[index], request).await?;
            times[index].push(milliseconds(server.start_time));
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
            let turn = load::run(server.address, clients, requests / TURNS, server.request(), connections).await?;
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
