//! The load generator. An HTTP library would use several times the CPU of the servers under test, so this client writes the
//! same bytes for every request, and checks nothing of the response but its status and its last byte.

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

/// A request, always the same.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    bytes: &'static [u8],
    /// The last byte of the response, which occurs nowhere else in it.
    end: u8,
}

/// The request of the page. Its response is a JSON object.
pub const SUBMISSION: Request = Request {
    bytes: b"POST /api/submissions HTTP/1.1\r\nhost: backend\r\ncontent-type: application/json\r\n\
        content-length: 15\r\n\r\n{\"name\": \"Ada\"}",
    end: b'}',
};

/// The request to `service/examples/hello.rs`. Its response is a sentence.
pub const GREETING: Request = Request {
    bytes: b"GET /hello/Ada HTTP/1.1\r\nhost: hello\r\n\r\n",
    end: b'!',
};

/// Whether a connection serves one request or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// A client sends all its requests on one connection.
    KeptAlive,
    /// A client opens a connection for each request.
    New,
}

/// The result of a run, as its clients see it.
pub struct Outcome {
    /// The duration of the run.
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

/// Sends `requests` requests from `clients` clients. A client sends its next request when it has its response.
///
/// # Errors
///
/// When a response is not 200.
pub async fn run(
    address: SocketAddr,
    clients: usize,
    requests: usize,
    request: Request,
    connections: Connections,
) -> anyhow::Result<Outcome> {
    let left = Arc::new(AtomicUsize::new(requests));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        tasks.spawn(client(address, left.clone(), request, connections));
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
    request: Request,
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
        send(&mut connection, request).await?;
        latencies.record(started.elapsed().as_micros().try_into()?)?;
        if connections == Connections::KeptAlive {
            kept = Some(connection);
        }
    }
    Ok(latencies)
}

/// Sends one request on a new connection.
///
/// # Errors
///
/// When the response is not 200.
pub async fn send_once(address: SocketAddr, request: Request) -> io::Result<()> {
    send(&mut TcpStream::connect(address).await?, request).await
}

async fn send(connection: &mut TcpStream, request: Request) -> io::Result<()> {
    connection.write_all(request.bytes).await?;
    let mut response = [0; 4096];
    let mut length = 0;
    while !response[..length].ends_with(&[request.end]) {
        match connection.read(&mut response[length..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => length += more,
        }
    }
    if response.starts_with(b"HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}
