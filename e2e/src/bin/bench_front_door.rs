//! The second part of `make bench`: what a submission costs through nginx.

use std::{env, path::PathBuf, time::Duration};

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use e2e::bench::{
    load::{self, Connections, Outcome, SUBMISSION},
    nginx::{Design, Nginx},
    report::median,
    server::Server,
};

/// In how many turns each design gets the requests of a round.
const TURNS: usize = 20;

/// The columns of the table. The last one is the limit: nothing can be cheaper than nginx in front of bare actix-web.
const NAMES: [&str; 3] = ["a connection per request", "front door", "front door, bare actix-web"];

/// Measures submissions through nginx: the design before, the image's own configuration, and the same in front of a bare
/// actix-web server, in turns. Prints the medians. Needs docker on Linux.
#[derive(Parser)]
struct Arguments {
    /// How many times each is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many clients send at the same time
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// How many submissions are sent in a round
    #[arg(long, default_value_t = 100_000)]
    requests: usize,
    /// Fail if the front door costs more processor time than this many times its limit
    #[arg(long)]
    fail_above: Option<f64>,
    /// The backend [default: beside this program]
    #[arg(long)]
    backend: Option<PathBuf>,
    /// The bare server [default: beside this program]
    #[arg(long)]
    bare: Option<PathBuf>,
}

/// nginx and the server behind it.
struct Way {
    nginx: Nginx,
    server: Server,
}

/// One of the figures, as a number.
type Figure = fn(&Figures) -> f64;

/// What a round measured of one way.
#[derive(Clone, Copy)]
struct Figures {
    nginx: f64,
    backend: f64,
    rate: f64,
    p50: f64,
    p99: f64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds {
        eprintln!("front door, round {number} of {}", arguments.rounds);
        rounds.push(measure(&arguments).await?);
    }
    let ratio = median(rounds.iter().map(|[_, ours, limit]| cpu(ours) / cpu(limit)));
    println!("{}", table(&rounds));
    println!("CPU of the front door: {ratio:.2} times its limit");
    if let Some(allowed) = arguments.fail_above {
        anyhow::ensure!(
            ratio <= allowed,
            "the front door costs {ratio:.2} times its limit: more than {allowed}"
        );
    }
    Ok(())
}

/// One round: each way gets its part of the submissions in turn, so that whatever else the machine does affects all.
async fn measure(arguments: &Arguments) -> anyhow::Result<[Figures; 3]> {
    let beside = |name| env::current_exe().map(|this| this.with_file_name(name));
    let backend = arguments.backend.clone().map_or_else(|| beside("backend"), Ok)?;
    let bare = arguments.bare.clone().map_or_else(|| beside("bare"), Ok)?;
    let start = async |design, program| {
        let server = Server::start(program, SUBMISSION).await?;
        let nginx = Nginx::start(design, server.address).await?;
        anyhow::Ok(Way { nginx, server })
    };
    let ways = [
        start(Design::ConnectionPerRequest, &backend).await?,
        start(Design::FrontDoor, &backend).await?,
        start(Design::FrontDoor, &bare).await?,
    ];
    take_turns(&ways, arguments.clients, arguments.requests / 10).await?; // warm-up
    let before = costs(&ways)?;
    let outcomes = take_turns(&ways, arguments.clients, arguments.requests).await?;
    let after = costs(&ways)?;
    let mut figures = Vec::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        let per_request = |time: Duration| time.as_secs_f64() * 1e6 / outcome.latencies.len() as f64;
        figures.push(Figures {
            nginx: per_request(after[index].0 - before[index].0),
            backend: per_request(after[index].1 - before[index].1),
            rate: outcome.latencies.len() as f64 / outcome.took.as_secs_f64(),
            p50: outcome.latencies.value_at_quantile(0.50) as f64,
            p99: outcome.latencies.value_at_quantile(0.99) as f64,
        });
    }
    Ok([figures[0], figures[1], figures[2]])
}

async fn take_turns(ways: &[Way; 3], clients: usize, requests: usize) -> anyhow::Result<[Outcome; 3]> {
    let mut outcomes: [Outcome; 3] = Default::default();
    for _ in 0..TURNS {
        for (way, outcome) in ways.iter().zip(&mut outcomes) {
            let turn = load::run(
                way.nginx.address,
                clients,
                requests / TURNS,
                SUBMISSION,
                Connections::KeptAlive,
            )
            .await?;
            outcome.took += turn.took;
            outcome.latencies += turn.latencies;
        }
    }
    Ok(outcomes)
}

/// The processor time of nginx and of the server of each way so far.
fn costs(ways: &[Way; 3]) -> anyhow::Result<Vec<(Duration, Duration)>> {
    ways.iter()
        .map(|way| Ok((way.nginx.cpu()?, way.server.cost()?.cpu)))
        .collect()
}

fn cpu(figures: &Figures) -> f64 {
    figures.nginx + figures.backend
}

/// The medians of all rounds.
fn table(rounds: &[[Figures; 3]]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header([""].iter().chain(&NAMES));
    let rows: [(&str, Figure); 6] = [
        ("CPU of nginx per submission (µs)", |figures| figures.nginx),
        ("CPU of the backend per submission (µs)", |figures| figures.backend),
        ("sum (µs)", cpu),
        ("submissions a second", |figures| figures.rate),
        ("p50 (µs)", |figures| figures.p50),
        ("p99 (µs)", |figures| figures.p99),
    ];
    for (name, figure) in rows {
        let medians = [0, 1, 2].map(|way| median(rounds.iter().map(|round| figure(&round[way]))));
        let cells = medians.map(|median| {
            if median < 100.0 {
                format!("{median:.1}")
            } else {
                format!("{median:.0}")
            }
        });
        table.add_row([name].into_iter().map(str::to_owned).chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
