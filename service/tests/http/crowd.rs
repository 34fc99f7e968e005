//! Thousands of connections at once: requests get responses, and memory stays bounded.

use std::time::Duration;

use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::Signal,
};
use service::Limits;
use tokio::{io::AsyncWriteExt, net::TcpStream, process::Command, time::timeout};

use crate::{FREE_PORT, drain::submit_on, example, raw::rest, server::Server};

/// Opens connections that send the start of a request, and nothing more.
pub async fn crowd(server: &Server, size: usize, start: &[u8]) -> Vec<TcpStream> {
    let mut crowd = Vec::with_capacity(size);
    for _ in 0..size {
        let mut connection = server.connect().await;
        connection.write_all(start).await.unwrap();
        crowd.push(connection);
    }
    crowd
}

/// Lets this test, and the servers that it starts, have as many connections as this machine allows.
pub fn allow_many_connections() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).expect("at least 10,000 open files are allowed: ulimit -Hn");
}

async fn start() -> Server {
    allow_many_connections();
    Server::start(&[]).await
}

/// Returns the resident memory in bytes, if the metrics have it.
async fn memory(server: &Server) -> Option<f64> {
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    resident_memory(&metrics)
}

fn resident_memory(metrics: &str) -> Option<f64> {
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix("process_resident_memory_bytes "))?;
    Some(value.parse().unwrap())
}

#[tokio::test]
async fn five_thousand_idle_or_slow_connections_do_not_keep_others_from_getting_responses() {
    let nearly_too_large = format!("POST /echo HTTP/1.1\r\nhost: a\r\nx: {}", "x".repeat(16 * 1024));
    for (start_of_request, most_memory) in [
        ("", 96e6),
        ("POST /echo HTTP/1.1\r\nhost", 128e6),
        (&nearly_too_large, 256e6),
    ] {
        let server = start().await;
        let crowd = crowd(&server, 5000, start_of_request.as_bytes()).await;
        server.assert_ready().await;
        if let Some(memory) = memory(&server).await {
            assert!(
                memory < most_memory,
                "{memory} bytes for {} of a request",
                start_of_request.len()
            );
        }
        drop(crowd);
    }
}

/// Elsewhere the metrics do not contain the memory.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn clients_that_do_not_read_their_responses_take_little_memory() {
    allow_many_connections();
    let server = Server::fixture(&[]).await;
    let requests = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n".repeat(10);
    let mut crowd = Vec::new();
    let mut peak = 0.0_f64;
    for number in 0..5000 {
        let mut connection = server.connect_with_small_buffer().await;
        connection.write_all(requests.as_bytes()).await.unwrap();
        crowd.push(connection);
        if number % 100 == 99 {
            let url = format!("http://{}/metrics", server.admin_address.as_ref().unwrap());
            let metrics = server.client.get(url).send().await.unwrap().text().await.unwrap();
            peak = peak.max(resident_memory(&metrics).unwrap());
        }
    }
    assert!(peak < 128e6, "{peak} bytes");
    drop(crowd);
    server.client.get(server.url("/large")).send().await.unwrap();
}

#[tokio::test]
async fn connections_above_the_limit_take_the_place_of_idle_ones() {
    let server = start().await;
    let crowd = crowd(&server, Limits::default().max_connections + 500, b"").await;
    server.assert_ready().await;
    drop(crowd);
    server.assert_ready().await;
}

#[tokio::test]
async fn connections_above_the_limit_of_open_files_take_the_place_of_idle_ones() {
    allow_many_connections();
    let mut command = Command::new("sh");
    command.args(["-c", r#"ulimit -n 1000 && exec "$0""#]);
    command.arg(example("hello")).env_clear().env("ADDRESS", FREE_PORT);
    let mut server = Server::start_command(command).await;
    server.log_line("a warning", |line| line["level"] == "WARN").await;
    let crowd = crowd(&server, 2000, b"").await;
    server.assert_ready().await;
    drop(crowd);
    server.assert_ready().await;
}

/// Elsewhere the system's own limit of the queue may be lower.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn connections_that_arrive_while_the_server_is_stopped_wait_in_the_accept_backlog() {
    let server = start().await;
    server.signal(Signal::SIGSTOP);
    // Without room in the backlog, a connection would not be made before the server continues.
    let crowd = crowd(
        &server,
        1000,
        b"GET /hello/Ada HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    let crowd = timeout(Duration::from_secs(60), crowd)
        .await
        .expect("room in the queue");
    server.signal(Signal::SIGCONT);
    for mut connection in crowd {
        assert!(rest(&mut connection).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn under_overload_every_request_gets_a_response_and_afterwards_too() {
    let server = Server::start(&[]).await;
    let mut clients = tokio::task::JoinSet::new();
    // A hundred clients keep all of its threads busy.
    for _ in 0..1000 {
        let mut connection = server.connect().await;
        clients.spawn(async move {
            for _ in 0..20 {
                let response = submit_on(&mut connection).await.expect("a request was lost");
                assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
            }
        });
    }
    clients.join_all().await;
    server.assert_ready().await;
}
