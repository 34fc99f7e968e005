//! The requests. An HTTP library's client costs several times what the servers under test do, so this one writes the same
//! bytes again and again, and looks for nothing but the end of the answer.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

const REQUEST: &[u8] = b"POST /api/submissions HTTP/1.1\r\nhost: backend\r\ncontent-type: application/json\r\n\
    content-length: 15\r\n\r\n{\"name\": \"Ada\"}";

/// Whether a connection serves one request or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// Every client keeps its connection.
    KeptAlive,
    /// Every request opens one of its own.
    New,
}

/// What a run of requests was like for its clients.
pub struct Outcome {
    /// How long it took.
    pub took: Duration,
    /// The latencies, in microseconds.
    pub latencies: Histogram<u64>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            took: Duration::ZERO,
            latencies: histogram(),
        }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three significant digits are allowed")
}

/// Sends `requests` requests by `clients` clients, each of which sends its next one when it has its answer.
///
/// # Errors
///
/// When a request is not answered with 200.
pub async fn run(
    address: SocketAddr,
    clients: usize,
    requests: usize,
    connections: Connections,
) -> anyhow::Result<Outcome> {
    let left = Arc::new(AtomicUsize::new(requests));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        tasks.spawn(client(address, left.clone(), connections));
    }
    let mut latencies = histogram();
    while let Some(task) = tasks.join_next().await {
        latencies += task??;
    }
    Ok(Outcome {
        took: started.elapsed(),
        latencies,
    })
}

async fn client(
    address: SocketAddr,
    left: Arc<AtomicUsize>,
    connections: Connections,
) -> anyhow::Result<Histogram<u64>> {
    let mut latencies = histogram();
    let mut kept = None;
    while left
        .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        .is_ok()
    {
        let started = Instant::now();
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => TcpStream::connect(address).await?,
        };
        submit(&mut connection).await?;
        latencies.record(started.elapsed().as_micros().try_into()?)?;
        if connections == Connections::KeptAlive {
            kept = Some(connection);
        }
    }
    Ok(latencies)
}

/// Sends one request on a connection of its own.
///
/// # Errors
///
/// When it is not answered with 200.
pub async fn submit_once(address: SocketAddr) -> io::Result<()> {
    submit(&mut TcpStream::connect(address).await?).await
}

async fn submit(connection: &mut TcpStream) -> io::Result<()> {
    connection.write_all(REQUEST).await?;
    let mut answer = [0; 4096];
    let mut length = 0;
    // The answer's body is the one JSON object in it.
    while !answer[..length].ends_with(b"}") {
        match connection.read(&mut answer[length..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => length += more,
        }
    }
    if answer.starts_with(b"HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}
