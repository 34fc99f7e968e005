//! Spans reach a real OpenTelemetry collector, which prints them. `scripts/checks traces` installs it first.
#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

#[path = "../../service/tests/http/server.rs"]
#[expect(dead_code, reason = "the tests over HTTP use the rest of it")]
mod server;

use std::{net::TcpListener, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::server::Server;

/// How long a test waits for an event, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running collector, killed when dropped.
struct Collector {
    _process: Child,
    output: Lines<BufReader<ChildStdout>>,
    endpoint: String,
}

impl Collector {
    async fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/collector/rotel/rotel-agent");
        assert!(
            program.exists(),
            "the collector is missing: type `scripts/setup collector` first"
        );
        // It does not report the port that it takes for 0, and another process may take a free one first.
        for _ in 0..10 {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            let http = free.local_addr().unwrap().to_string();
            drop(free);
            let mut process = Command::new(&program)
                .args([
                    "start",
                    "--exporter",
                    "blackhole",
                    "--debug-log",
                    "traces",
                    "--debug-log-verbosity",
                    "detailed",
                ])
                .args(["--otlp-http-endpoint", &http, "--otlp-grpc-endpoint", "127.0.0.1:0"])
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let output = BufReader::new(process.stdout.take().unwrap()).lines();
            let listening = async { while TcpStream::connect(&http).await.is_err() {} };
            tokio::select! {
                listening = timeout(TIMEOUT, listening) => listening.expect("the collector listens"),
                _ = process.wait() => continue,
            }
            return Self {
                _process: process,
                output,
                endpoint: format!("http://{http}"),
            };
        }
        panic!("the collector ends before it listens");
    }

    /// Its next line with these words.
    async fn until(&mut self, words: &str) -> String {
        let matching = async {
            while let Some(line) = self.output.next_line().await.unwrap() {
                if line.contains(words) {
                    return line;
                }
            }
            panic!("the collector ended before it printed {words:?}");
        };
        let line = timeout(TIMEOUT, matching).await;
        line.unwrap_or_else(|_| panic!("the collector does not print {words:?}"))
    }

    /// The next value that it prints under this name.
    async fn next(&mut self, name: &str) -> String {
        let line = self.until(&format!("{name} ")).await;
        line.split_once(": ").map_or("", |(_, value)| value).trim().to_owned()
    }
}

/// Returns the program that [`Server`] starts, with more flags, in an environment without variables.
fn program(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
    command
        .env_clear()
        .args(["--port", "0", "--log-format", "json"])
        .args(flags);
    command
}

async fn start(collector: &Collector) -> Server {
    start_as("", collector).await
}

/// Starts a backend that exports under this name, or under its own where the name is empty.
async fn start_as(name: &str, collector: &Collector) -> Server {
    start_with(name, &collector.endpoint).await
}

async fn start_with(name: &str, endpoint: &str) -> Server {
    let mut command = program(&["--drain-time", "0s"]);
    command.env("OTEL_SERVICE_NAME", name);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    command.env("OTEL_BSP_SCHEDULE_DELAY", "10");
    Server::start_command(command).await
}

#[tokio::test]
async fn a_request_is_exported_as_a_part_of_its_callers_trace() {
    let mut collector = Collector::start().await;
    let server = start(&collector).await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = server.get("/version").header("traceparent", traceparent);
    request.send().await.unwrap();

    collector.until("-> service.name: Str(k8s-demo-backend)").await;
    assert_eq!(collector.next("Trace ID").await, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(collector.next("Parent ID").await, "00f067aa0ba902b7");
    assert_eq!(collector.next("Name").await, "GET /version");
    assert_eq!(collector.next("Kind").await, "SPAN_KIND_SERVER");
    collector.until("-> http.request.method: Str(GET)").await;
    collector.until("-> http.route: Str(/version)").await;
    collector.until("-> http.response.status_code: Int(200)").await;
}

#[tokio::test]
async fn an_exported_span_has_the_ids_of_the_log_and_the_response() {
    let mut collector = Collector::start().await;
    let mut server = start(&collector).await;
    let response = server.get("/version").send().await.unwrap();
    let line = server
        .log_line("a line for the request", |line| line["message"] == "request")
        .await;
    let ids = [&line["trace_id"], &line["span_id"]].map(|id| id.as_str().unwrap());
    let returned = response.headers()["traceparent"].to_str().unwrap();
    assert_eq!(returned, format!("00-{}-{}-01", ids[0], ids[1]));

    assert_eq!(collector.next("Trace ID").await, ids[0]);
    assert_eq!(collector.next("    ID").await, ids[1]);
}

#[tokio::test]
async fn a_trace_with_invalid_ids_is_not_continued() {
    let mut collector = Collector::start().await;
    let server = start(&collector).await;
    let request = server.get("/version").header("traceparent", "00-4bf9-00f0-01");
    request.send().await.unwrap();
    assert_eq!(collector.next("Parent ID").await, "");
}

#[tokio::test]
async fn a_variable_names_the_exported_service() {
    let mut collector = Collector::start().await;
    let server = start_as("mine", &collector).await;
    server.get("/version").send().await.unwrap();
    collector.until("-> service.name: Str(mine)").await;
}

#[tokio::test]
async fn a_failed_export_is_logged_with_its_cause_and_not_each_time() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let mut server = start_with("", &nobody).await;
    server.get("/version").send().await.unwrap();
    let is_failure = |line: &serde_json::Value| line["message"] == "cannot export spans: they are lost";
    let line = server.log_line("the failure", is_failure).await;
    assert_eq!(line["level"], "WARN");
    assert!(line["error"].as_str().unwrap().contains("refused"), "{line}");
    // This span is exported at the end at the latest, which fails too.
    server.get("/version").send().await.unwrap();
    server.signal(nix::sys::signal::Signal::SIGTERM);
    let rest = server.rest_of_log().await;
    assert!(!rest.iter().any(|line| line.contains("cannot export")), "{rest:?}");
}

#[tokio::test]
async fn an_https_collector_is_sent_a_tls_handshake() {
    const HANDSHAKE: u8 = 22; // the type of the first record (RFC 8446, section 5.1)
    let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = start_with("", &format!("https://{}", collector.local_addr().unwrap())).await;
    server.get("/version").send().await.unwrap();
    let accepted = timeout(TIMEOUT, collector.accept()).await.expect("a connection");
    let (mut connection, _) = accepted.unwrap();
    assert_eq!(connection.read_u8().await.unwrap(), HANDSHAKE);
}
