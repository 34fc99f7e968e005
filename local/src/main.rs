//! The program behind `make run`.

mod page;
mod reaper;

use std::{
    env,
    io::{self, IsTerminal},
    net::Ipv4Addr,
    pin::pin,
    process::ExitCode,
    sync::Arc,
    thread,
};

use clap::{Parser, value_parser};
use local::{
    command::Command,
    deployment::{Deployment, Release},
    http1, replica,
};
use reaper::{Group, Reaper};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
};

/// Runs the backend and the page on this machine: a stand-in to see the ideas of Kubernetes, not an orchestrator.
#[derive(Debug, Parser)]
struct Settings {
    /// Number of replicas at the start
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u8).range(1..=20))]
    replicas: u8,

    /// Port of the backend's Service; 0: a free one
    #[arg(long, default_value_t = 8000)]
    port: u16,

    /// Port of the page, which Trunk builds and serves [default: no page]
    #[arg(long)]
    page_port: Option<u16>,

    /// Build the backend first
    #[arg(long)]
    build: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Settings::parse()).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs until a signal ends it, and returns the exit code that shells report for that signal.
async fn run(mut settings: Settings) -> io::Result<u8> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
    settings.port = listener.local_addr()?.port();
    let mut signals = Signals::new()?;
    let reaper = Reaper::start()?;
    let mut deployment = deployment(&settings, reaper.group());
    let balancer = deployment.balancer();
    let forward = move |request| {
        let balancer = balancer.clone();
        async move { balancer.forward(request).await }
    };
    tokio::spawn(http1::serve(listener, forward));
    let outcome = tokio::select! {
        outcome = supervise(&settings, reaper.group(), &mut deployment) => outcome.map(|()| 0),
        code = signals.next() => Ok(code),
    };
    tokio::select! {
        () = deployment.stop() => {}
        _ = signals.next() => {} // a second one ends everything at once
    }
    reaper.finish()?;
    outcome
}

/// Returns a Deployment of v1.
fn deployment(settings: &Settings, group: Group) -> Deployment {
    let program = move |release: &Release| {
        // The replicas are built by the time that the first one starts; if the program is gone, starting it fails.
        let mut program = group.command(replica::backend().unwrap_or_else(|_| "backend".into()));
        program
            .env("K8S_DEMO_PLATFORM", "local")
            .env("K8S_DEMO_FAULTS", "true")
            .env("K8S_DEMO_NEVER_READY", release.is_broken.to_string())
            // Longer than a replica takes to become ready, because a single one that is deleted responds until then.
            .env("K8S_DEMO_DRAIN_TIME", "3s")
            .env("K8S_DEMO_SHUTDOWN_TIMEOUT", "2s");
        if env::var_os("K8S_DEMO_LOG_LEVEL").is_none() {
            // A line for each request would hide what a person types.
            program.env("K8S_DEMO_LOG_LEVEL", "warn");
        }
        program
    };
    let release = Release {
        version: "v1".to_owned(),
        is_broken: false,
    };
    Deployment::new(settings.replicas.into(), release, Arc::new(program))
}

/// Builds and starts everything, and obeys the commands of the terminal. Returns only when something fails.
async fn supervise(settings: &Settings, group: Group, deployment: &mut Deployment) -> io::Result<()> {
    let (page_ready, page_is_ready) = oneshot::channel();
    let page = async {
        match settings.page_port {
            Some(port) => page::serve(group, port, settings.port, page_ready).await,
            None => std::future::pending().await,
        }
    };
    let replicas = async {
        if settings.build {
            let mut cargo = group.command("cargo");
            // Both packages, so that cargo chooses the same features of their dependencies as for this program.
            cargo.args([
                "build",
                "--quiet",
                "--package",
                "local",
                "--package",
                "backend",
                "--bin",
                "backend",
            ]);
            page::run(&mut cargo, "the backend could not be built: cargo's message is above").await?;
        }
        deployment.reconcile();
        let ready = async {
            if settings.page_port.is_some() {
                // It fails only if the page does.
                _ = page_is_ready.await;
            }
        };
        obey(deployment, ready, || announce(settings)).await
    };
    tokio::select! {
        outcome = page => outcome,
        outcome = replicas => outcome,
    }
}

/// Keeps the replicas running. Once they and the page are ready, announces that and obeys the terminal. Never returns.
async fn obey(
    deployment: &mut Deployment,
    page_ready: impl Future<Output = ()>,
    announce: impl Fn(),
) -> io::Result<()> {
    let mut page_ready = pin!(page_ready);
    let mut is_page_ready = false;
    let (sender, mut lines) = mpsc::unbounded_channel();
    let mut terminal = Some(sender);
    loop {
        if is_page_ready
            && deployment.is_complete()
            && let Some(lines) = terminal.take()
        {
            announce();
            read_terminal(lines);
        }
        tokio::select! {
            () = deployment.changed() => deployment.reconcile(),
            () = &mut page_ready, if !is_page_ready => is_page_ready = true,
            Some(line) = lines.recv() => execute(&line, deployment),
        }
    }
}

fn announce(settings: &Settings) {
    let backend = format!("http://127.0.0.1:{}", settings.port);
    if let Some(port) = settings.page_port {
        eprintln!("==> The page:    http://localhost:{port}");
    }
    eprintln!("==> The backend: {backend}   (try: curl -d name=Ada {backend}/api/submissions)");
}

/// Sends the lines that a person types, if standard input is a terminal.
fn read_terminal(lines: mpsc::UnboundedSender<String>) {
    if io::stdin().is_terminal() {
        eprintln!(
            "==> Type a command: scale 5, rollout v2, undo, delete, broken, status, help. Ctrl-C stops everything."
        );
        // A thread, because reading cannot be interrupted when the program ends.
        thread::spawn(move || {
            io::stdin()
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| lines.send(line))
        });
    }
}

fn execute(line: &str, deployment: &mut Deployment) {
    match Command::parse(line) {
        Ok(Some(command)) => {
            let (kubectl, output) = command.run(deployment);
            eprintln!("    In a cluster: {kubectl}\n{output}");
        }
        Ok(None) => {}
        Err(message) => eprintln!("{message}"),
    }
}

/// The signals that end the program.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            // Without a terminal, as under nohup, the signal has its usual effect or none.
            hangup: io::stdin()
                .is_terminal()
                .then(|| signal(SignalKind::hangup()))
                .transpose()?,
        })
    }

    /// Waits for the next one, and returns the exit code that shells report for it.
    async fn next(&mut self) -> u8 {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.terminate.recv() => 143,
            _ = hangup => 129,
        }
    }
}
