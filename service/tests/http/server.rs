//! Starts a server as a process on a free port, reads its log, and signals it. `crate::program` says which one.

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use service::server::listening_address;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpSocket, TcpStream},
    process::{Child, Command},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

/// How long a test waits for an event, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running server, killed when dropped.
pub struct Server {
    process: Child,
    log: UnboundedReceiver<String>,
    pub address: String,
    /// The line that it logged when it listened.
    pub listening: Value,
    /// The address of the admin port, where there is one.
    pub admin_address: Option<String>,
    pub client: Client,
}

impl Server {
    /// Starts a server on a free port and waits until it listens.
    pub async fn start(settings: &[&str]) -> Self {
        Self::start_command(crate::program(settings)).await
    }

    /// The same with another command.
    pub async fn start_command(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, log) = unbounded_channel();
        // Always read: a full pipe would change the behaviour of the server.
        tokio::spawn(async move {
            while let Some(line) = lines.next_line().await.unwrap() {
                let _ = sender.send(line);
            }
        });
        let client = Client::builder().no_proxy().timeout(TIMEOUT).build().unwrap();
        let mut server = Self {
            process,
            log,
            address: String::new(),
            listening: Value::Null,
            admin_address: None,
            client,
        };
        while server.address.is_empty() {
            let line = server
                .log_line("the line `listening`", |line| line["address"].is_string())
                .await;
            match listening_address(&line) {
                Some(address) => (server.address, server.listening) = (address.to_string(), line),
                None => server.admin_address = line["address"].as_str().map(str::to_owned),
            }
        }
        server
    }

    /// The next line of the log that matches.
    pub async fn log_line(&mut self, awaited: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let matching = async {
            while let Some(line) = self.log.recv().await {
                let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in the log line {line}"));
                if matches(&line) {
                    return line;
                }
            }
            panic!("the log ended before {awaited}");
        };
        timeout(TIMEOUT, matching)
            .await
            .unwrap_or_else(|_| panic!("no {awaited}"))
    }

    /// What is left of the log, up to the end of the process.
    pub async fn rest_of_log(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = timeout(TIMEOUT, self.log.recv()).await.expect("the log ends") {
            lines.push(line);
        }
        lines
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// A POST request, not yet sent.
    pub fn post(&self, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client
            .post(self.url(path))
            .header("content-type", content_type)
            .body(body)
    }

    pub async fn assert_ready(&self) {
        assert_eq!(self.get("/readyz").send().await.unwrap().status(), 200);
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Connects as a client that takes only a few kilobytes before it reads.
    pub async fn connect_with_small_buffer(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(1024).unwrap();
        socket.connect(self.address.parse().unwrap()).await.unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = self.process.id().expect("the process runs").try_into().unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Waits for the process to end.
    pub async fn ended(&mut self) -> ExitStatus {
        timeout(TIMEOUT, self.process.wait())
            .await
            .expect("the process ends")
            .unwrap()
    }
}
