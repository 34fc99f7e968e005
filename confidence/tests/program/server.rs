//! A server that behaves as a test wants: well, or badly.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
};

/// What the server does with a request.
pub enum Reply {
    /// Sends these bytes and keeps the connection.
    Send(String),
    /// Sends these bytes and closes the connection.
    SendAndClose(String),
    /// Does nothing.
    Hang,
}

/// A server. It ends when it is dropped: its connections are closed, and new ones refused.
pub struct Server {
    pub address: SocketAddr,
    /// The source ports of the connections, in order.
    pub accepted: Arc<Mutex<Vec<u16>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts a server. The function gets the whole text of each request.
    pub async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        static OPEN: Semaphore = Semaphore::const_new(Semaphore::MAX_PERMITS);
        Self::start_gated(reply, &OPEN).await
    }

    /// Starts a server that replies while the gate has a permit.
    pub async fn start_gated(reply: impl Fn(&str) -> Reply + Send + Sync + 'static, gate: &'static Semaphore) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::<Mutex<Vec<u16>>>::default();
        let ports = accepted.clone();
        let reply = Arc::new(reply);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, client) = listener.accept().await.unwrap();
                ports.lock().unwrap().push(client.port());
                connections.spawn(serve(stream, reply.clone(), gate));
            }
        });
        Self {
            address,
            accepted,
            task,
        }
    }
}

async fn serve(mut stream: TcpStream, reply: Arc<impl Fn(&str) -> Reply>, gate: &Semaphore) {
    let mut unread = Vec::new();
    loop {
        let request = loop {
            if let Some(length) = request_length(&unread) {
                break String::from_utf8(unread.drain(..length).collect()).unwrap();
            }
            match stream.read_buf(&mut unread).await {
                Ok(0) | Err(_) => return,
                Ok(_) => (),
            }
        };
        let _turn = gate.acquire().await.unwrap();
        let (bytes, is_last) = match reply(&request) {
            Reply::Send(bytes) => (bytes, false),
            Reply::SendAndClose(bytes) => (bytes, true),
            Reply::Hang => std::future::pending().await,
        };
        if stream.write_all(bytes.as_bytes()).await.is_err() || is_last {
            return;
        }
    }
}

fn request_length(bytes: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let total = head.len() + 4 + length;
    (bytes.len() >= total).then_some(total)
}

/// The name in the body of a request.
pub fn name(request: &str) -> &str {
    request.rsplit('"').nth(1).unwrap_or_default()
}

/// A response with a JSON body and extra header lines.
pub fn response(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The right response.
pub fn good(request: &str) -> String {
    let name = name(request);
    let body = format!(r#"{{"message": "Hello, {name}!", "pod": "shop-a", "version": "v1"}}"#);
    response("200 OK", "", &body)
}
