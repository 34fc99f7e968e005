//! The one way in which the page speaks with the backend: a submission, tried up to three times.
//!
//! A submission has no side effect, so trying again is safe. That is what makes a dying replica invisible to people.

use api::{Name, Problem, SubmissionResponse};
use gloo_net::http::{Request, Response};
use gloo_timers::future::TimeoutFuture;
use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};

use crate::clock::now;
use crate::wire;

/// How long one try may take, in milliseconds. A replica answers within a few; only a lost one needs this long.
const TRY_LIMIT: u32 = 3_000;

/// How long to wait before each further try, in milliseconds: growing, so that a backend that comes back is not stormed.
const PAUSES: [u32; 2] = [500, 1_500];

/// How many times a submission is tried.
pub const TRIES: u32 = PAUSES.len() as u32 + 1;

/// An answer, and what it took to get it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What the replica answered.
    pub answer: SubmissionResponse,
    /// From the first try to the answer, in milliseconds.
    pub millis: f64,
    /// How many tries it took.
    pub tries: u32,
}

/// Why a submission has no answer. The texts are for the person.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The backend refused it. Trying again would not help.
    Refused(Problem),
    /// No try got through; the last one for this reason.
    Lost(String),
}

/// The right to withdraw submissions: what was sent with it is aborted when it is dropped.
#[derive(Debug)]
pub struct Permit(AbortController);

impl Permit {
    /// A permit for any number of submissions.
    pub fn new() -> Self {
        Self(AbortController::new().expect("every browser with WebAssembly has an AbortController"))
    }

    /// What [`submit`] needs to know of it.
    pub fn signal(&self) -> AbortSignal {
        self.0.signal()
    }
}

impl Default for Permit {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends `name` and waits for the answer, with a time limit for each try and growing pauses between them.
///
/// `on_retry` hears of each further try: which one it is, and why the one before did not get through. `None` when the
/// submission was withdrawn.
pub async fn submit(name: Name, permit: AbortSignal, on_retry: impl Fn(u32, &str)) -> Option<Result<Reply, Failure>> {
    let form = wire::form(name);
    let start = now();
    let mut tries = 0;
    loop {
        tries += 1;
        let failure = match attempt(&form, &permit).await {
            Ok(answer) => {
                let millis = now() - start;
                return Some(Ok(Reply { answer, millis, tries }));
            }
            Err(failure) => failure,
        };
        if permit.aborted() {
            return None;
        }
        match (failure, PAUSES.get(tries as usize - 1)) {
            (Failure::Lost(reason), Some(&pause)) => {
                on_retry(tries + 1, &reason);
                TimeoutFuture::new(pause).await;
            }
            (failure, _) => return Some(Err(failure)),
        }
    }
}

/// One try.
async fn attempt(form: &JsValue, permit: &AbortSignal) -> Result<SubmissionResponse, Failure> {
    let limit = AbortSignal::timeout_with_u32(TRY_LIMIT);
    let signal = AbortSignal::any(&Array::of2(permit, &limit));
    let response = async {
        let response = Request::post(api::path::SUBMISSIONS)
            .header("Accept", "application/json")
            .abort_signal(Some(&signal))
            .body(form)?
            .send()
            .await?;
        // The limit holds for the body too.
        let body = response.text().await?;
        Ok((response, body))
    };
    match response.await {
        Ok((response, body)) => understand(&response, &body),
        Err(gloo_net::Error::JsError(_)) if limit.aborted() => lost(&format!(
            "The backend did not answer within {} seconds.",
            TRY_LIMIT / 1_000
        )),
        Err(_) => lost("The backend cannot be reached."),
    }
}

/// What a response means. A fault of the backend's side (5xx) may be gone at the next try.
fn understand(response: &Response, body: &str) -> Result<SubmissionResponse, Failure> {
    let status = response.status();
    if response.ok() {
        return wire::answer(body).map_or_else(|| lost("The backend's answer cannot be understood."), Ok);
    }
    match wire::problem(body) {
        Some(problem) if status < 500 => Err(Failure::Refused(problem)),
        Some(problem) => lost(&problem.detail),
        None => lost(&format!("The backend cannot be reached (status {status}).")),
    }
}

fn lost<T>(reason: &str) -> Result<T, Failure> {
    Err(Failure::Lost(reason.to_owned()))
}
