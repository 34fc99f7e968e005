//! One way of sending submissions, and what becomes of each.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use api::{Answer, Submission, path};
use reqwest::{Client as Http, Response, StatusCode};

/// Header by which nginx says which pod of the frontend passed a submission on.
const FRONTEND_POD: &str = "x-frontend-pod";

/// Header by which nginx says that it sent a submission to more than one replica.
const RETRIED: &str = "x-retried";

/// Sends submissions to one address: every other one on a kept-alive connection, the rest on a new connection each.
///
/// It never sends one twice. Where a submission is *retried*, nginx did it, and says so in a header.
#[derive(Debug)]
pub struct Client {
    url: String,
    kept_alive: Vec<Http>,
    one_shot: Http,
    sent: AtomicU64,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The right answer came.
    Answered {
        /// The replica, and its version.
        answer: Answer,
        /// The pod of the frontend that passed it on, if one did.
        frontend_pod: Option<String>,
        /// Whether nginx had to try more than once.
        retried: bool,
    },
    /// No answer came, or a wrong one: why.
    Lost(String),
}

impl Client {
    /// A client of the address, such as `http://localhost:8080`.
    ///
    /// # Errors
    /// Where the system lets no HTTP client be made.
    pub fn new(address: &str, connections: u32, timeout: Duration) -> Result<Self> {
        let http = || Http::builder().no_proxy().timeout(timeout);
        // A pool gives the connection that was used last, so one pool would keep a steady trickle on one connection, that
        // is on one pod. Its idle time is below any server's: a server may close an idle connection at any time.
        let kept_alive = || {
            http()
                .pool_max_idle_per_host(1)
                .pool_idle_timeout(Duration::from_secs(2))
                .build()
        };
        Ok(Self {
            url: format!("{}{}", address.trim_end_matches('/'), path::SUBMISSIONS),
            kept_alive: (0..connections).map(|_| kept_alive()).collect::<Result<_, _>>()?,
            one_shot: http().pool_max_idle_per_host(0).build()?,
            sent: AtomicU64::new(0),
        })
    }

    /// Sends a submission and checks its answer.
    pub async fn submit(&self) -> Outcome {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let (kind, http) = if number.is_multiple_of(2) {
            let turn = number / 2 % self.kept_alive.len() as u64;
            ("kept-alive", &self.kept_alive[turn as usize])
        } else {
            ("new", &self.one_shot)
        };
        let name = format!("Ada Lovelace {number:07}");
        let submission = Submission { name: name.clone() };
        let checked = async { check(http.post(&self.url).json(&submission).send().await?, &name).await };
        checked
            .await
            .unwrap_or_else(|error: reqwest::Error| Outcome::Lost(format!("{} ({kind} connection)", cause(&error))))
    }
}

/// Whether this is the answer to the submission of that name.
async fn check(response: Response, name: &str) -> Result<Outcome, reqwest::Error> {
    let status = response.status();
    let header = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let frontend_pod = header(FRONTEND_POD);
    let retried = header(RETRIED).is_some();
    let body = response.text().await?;
    if status != StatusCode::OK {
        return Ok(Outcome::Lost(format!("answered with {status}")));
    }
    Ok(match serde_json::from_str::<Answer>(&body) {
        Ok(answer) if answer.message.contains(name) => Outcome::Answered {
            answer,
            frontend_pod,
            retried,
        },
        Ok(_) => Outcome::Lost("answered with somebody else's message".to_owned()),
        Err(_) => Outcome::Lost("answered with something that is no answer".to_owned()),
    })
}

/// The innermost cause: "Connection refused" rather than "error sending request".
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
