//! The log: one line a request, without anything that a client sent.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use tokio::time::timeout;

use crate::{program, server::Server};

#[tokio::test]
async fn a_request_is_one_line_with_method_route_status_latency_and_id() {
    let mut server = Server::start(&["DRAIN_SECONDS=0"]).await;
    let request = server
        .post("/echo", "application/json", "{}")
        .header("x-request-id", "one");
    request.send().await.unwrap();
    let line = server
        .log_line("a line for the request", |line| line["request_id"] == "one")
        .await;
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["method"], "POST");
    assert_eq!(line["route"], "/echo");
    assert_eq!(line["status"], 200);
    assert!(line["latency_us"].as_u64().unwrap() > 0);
    server.signal(Signal::SIGTERM);
    let more = server.rest_of_log().await;
    assert!(!more.iter().any(|line| line.contains("request_id")), "{more:?}");
}

#[tokio::test]
async fn a_text_line_has_the_same_fields() {
    let mut server = Unread::start(&["LOG_FORMAT=text"]);
    let url = format!("http://{}/hello/Ada", server.address);
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(url)
        .header("x-request-id", "one")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    request.send().await.unwrap();
    let mut lines = server.log.by_ref().lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("latency_us")).unwrap();
    for part in [
        "INFO",
        r#"request_id="one""#,
        r#"trace_id="4bf92f3577b34da6a3ce929d0e0e4736""#,
        r#"method="GET""#,
        r#"route="/hello/{name}""#,
        "status=200",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

#[tokio::test]
async fn probes_are_logged_at_debug_only() {
    for (level, lines) in [("info", 0), ("debug", 2)] {
        let mut server = Server::start(&[&format!("LOG_LEVEL={level}"), "DRAIN_SECONDS=0"]).await;
        for path in ["/healthz", "/readyz"] {
            server.get(path).send().await.unwrap();
        }
        server.signal(Signal::SIGTERM);
        let log = server.rest_of_log().await;
        assert_eq!(
            log.iter().filter(|line| line.contains(r#""request_id""#)).count(),
            lines,
            "{log:?}"
        );
    }
}

#[tokio::test]
async fn neither_a_path_nor_a_header_nor_a_body_of_a_client_is_logged() {
    let mut server = Server::start(&["LOG_LEVEL=debug", "DRAIN_SECONDS=0"]).await;
    let secret = "Rumpelstilzchen";
    let requests = [
        server.post("/echo", "application/json", secret),
        server.get(&format!("/{secret}%0a?{secret}")),
        server
            .get("/hello/Ada")
            .header("x-request-id", format!("{secret} {secret}"))
            .header("user-agent", secret),
        server.client.request(secret.parse().unwrap(), server.url("/hello/Ada")),
    ];
    let count = requests.len();
    for request in requests {
        request.send().await.unwrap();
    }
    server.signal(Signal::SIGTERM);
    let log = server.rest_of_log().await;
    assert_eq!(
        log.iter().filter(|line| line.contains(r#""request_id""#)).count(),
        count,
        "{log:?}"
    );
    assert!(!log.iter().any(|line| line.contains(secret)), "{log:?}");
}

#[tokio::test]
async fn no_line_is_lost_when_the_process_ends() {
    // With one signal it drains first, with two it exits at once.
    for (drain_time, signals) in [("DRAIN_SECONDS=0", 1), ("DRAIN_SECONDS=3600", 2)] {
        let mut server = Server::start(&[drain_time]).await;
        for _ in 0..500 {
            server.get("/hello/Ada").send().await.unwrap();
        }
        server.signal(Signal::SIGTERM);
        if signals > 1 {
            while server.get("/readyz").send().await.unwrap().status() == 200 {}
            server.signal(Signal::SIGTERM);
        }
        let log = server.rest_of_log().await;
        assert_eq!(log.iter().filter(|line| line.contains("request_id")).count(), 500);
    }
}

/// A server whose log is read by the test alone, killed when dropped.
struct Unread {
    process: Child,
    log: BufReader<ChildStdout>,
    address: String,
}

impl Unread {
    fn start(settings: &[&str]) -> Self {
        let mut process = program(settings)
            .into_std()
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut log = BufReader::new(process.stdout.take().expect("its log is a pipe"));
        let mut listening = String::new();
        log.read_line(&mut listening).expect("its log is text");
        let mut words = listening.split(['"', ' ', '=']);
        let address = words.find(|word| word.starts_with("127.0.0.1:")).expect("it listens");
        let address = address.to_owned();
        Self { process, log, address }
    }

    /// The next lines of its log.
    fn lines(&mut self) -> impl Iterator<Item = serde_json::Value> {
        let lines = self.log.by_ref().lines().map(Result::unwrap);
        lines.map(|line| serde_json::from_str(&line).unwrap())
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // An error means that it has already exited.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn requests_do_not_wait_for_an_unread_log_and_no_line_is_lost() {
    const REQUESTS: usize = 1500; // more than a pipe holds
    let mut server = Unread::start(&[]);
    let url = format!("http://{}/hello/Ada", server.address);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..REQUESTS {
        assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    }
    let lines = server.lines().filter(|line| line["message"] == "request");
    assert_eq!(lines.take(REQUESTS).count(), REQUESTS);
}

#[tokio::test]
async fn a_panic_does_not_wait_for_an_unread_log() {
    let server = Unread::start(&[]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        client
            .get(format!("http://{}{path}", server.address))
            .send()
            .await
            .unwrap()
            .status()
    };
    // More lines than a pipe holds: from now on the writer is blocked.
    for _ in 0..1500 {
        assert_eq!(get("/hello/Ada").await, 200);
    }
    // A flush by each panic would take 2 s.
    let panics = async {
        for _ in 0..60 {
            assert_eq!(get("/divide/0").await, 500);
        }
    };
    timeout(Duration::from_secs(60), panics).await.expect("no panic waits");
}

#[test]
fn lines_that_exceed_the_buffer_of_an_unread_log_are_dropped_and_counted() {
    // Lines of about 260 bytes. 4 MiB are buffered, and another 4 MiB may be in the batch that is being written.
    const REQUESTS: u64 = 40_000;
    const OTHERS: u64 = 3; // draining, finishing, shutdown complete
    let mut server = Unread::start(&[]);
    let mut connection = TcpStream::connect(&server.address).unwrap();
    let mut requests = connection.try_clone().unwrap();
    let sender = thread::spawn(move || {
        let request = |connection| format!("GET /hello/Ada HTTP/1.1\r\nhost: a\r\nconnection: {connection}\r\n\r\n");
        let mut all = request("keep-alive").repeat(REQUESTS as usize - 1);
        all.push_str(&request("close"));
        requests.write_all(all.as_bytes()).unwrap();
    });
    let mut responses = String::new();
    connection.read_to_string(&mut responses).unwrap();
    sender.join().unwrap();
    assert_eq!(responses.matches("HTTP/1.1 200 OK").count() as u64, REQUESTS);

    kill(Pid::from_raw(server.process.id() as i32), Signal::SIGTERM).unwrap();
    let (mut written, mut dropped) = (0, 0);
    for line in server.lines() {
        match line["dropped"].as_u64() {
            Some(lines) => dropped += lines,
            None => written += 1,
        }
    }
    assert!(dropped > 0);
    assert_eq!(written + dropped, REQUESTS + OTHERS);
}
