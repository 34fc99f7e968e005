//! Plays the Service: sends each request to the next ready replica.

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use api::Problem;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
};
use tokio::{net::TcpStream, sync::watch};

use crate::http1::{self, Body};

/// How many replicas one request may be sent to: the next one, and another one if that fails. One that refuses the connection, as a
/// replica does that has just ended, does not count.
const MAX_ATTEMPTS: usize = 2;

/// The addresses of the replicas, each list in the order in which they get requests.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The ready replicas.
    pub ready: Vec<SocketAddr>,
    /// All replicas, also those that are not ready: for requests that ask a replica about itself.
    pub all: Vec<SocketAddr>,
}

/// Balances requests over replicas, round robin.
#[derive(Debug, Default)]
pub struct Balancer {
    endpoints: Mutex<Endpoints>,
    unanswered: watch::Sender<u32>,
}

impl Balancer {
    /// Returns the endpoints, to change them.
    pub fn endpoints(&self) -> MutexGuard<'_, Endpoints> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of requests that no replica responded to, and its changes.
    pub fn unanswered(&self) -> watch::Receiver<u32> {
        self.unanswered.subscribe()
    }

    /// Sends a request to the next replica, or to another one if that fails, and returns the response.
    pub async fn forward(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return problem(StatusCode::BAD_REQUEST, "The body is incomplete.");
        };
        let request = Request::from_parts(parts, Full::new(body.to_bytes()));
        let mut attempts = 0;
        for (index, replica) in self.next(request.uri().path()).into_iter().enumerate() {
            let Ok(stream) = TcpStream::connect(replica).await else {
                continue;
            };
            if let Ok(mut response) = http1::send_on(stream, request.clone()).await {
                if index > 0 {
                    // As nginx says it to the page.
                    let retried = HeaderValue::from_static("true");
                    response.headers_mut().insert("x-retried", retried);
                }
                return response;
            }
            attempts += 1;
            if attempts == MAX_ATTEMPTS {
                break;
            }
        }
        self.unanswered.send_modify(|count| *count += 1);
        problem(
            StatusCode::BAD_GATEWAY,
            "No backend replica answered. Try again in a moment.",
        )
    }

    /// Returns the replicas to send the next request for this path to, in this order.
    fn next(&self, path: &str) -> Vec<SocketAddr> {
        let mut endpoints = self.endpoints();
        let replicas = if path == api::path::REPLICA {
            &mut endpoints.all
        } else {
            &mut endpoints.ready
        };
        let next = replicas.clone();
        if !replicas.is_empty() {
            replicas.rotate_left(1);
        }
        next
    }
}

fn problem(status: StatusCode, detail: &str) -> Response<Body> {
    let problem = Problem::new(status.as_u16(), status.canonical_reason().unwrap_or_default(), detail);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static(Problem::MEDIA_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}
