//! The HTTP client. Submissions are attempted up to three times, requests for faults until they reach the right replica.
//!
//! A submission has no side effect, so a retry is safe. Retries hide a dying replica from the user.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use api::{
    Fault, FaultRequest, Replica, Submission,
    path::{self, relative},
};
use gloo_events::EventListener;
use gloo_net::http::{Request, RequestBuilder, Response};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};

use crate::{
    clock::now,
    slots,
    state::{
        Failure, Reply,
        outcome::{ATTEMPT_TIMEOUT, RETRY_PAUSES},
    },
    wire,
};

/// The longest time that a replica may take to describe itself, in milliseconds.
const DESCRIBE_TIMEOUT: u32 = 1_000;

/// A timer that fires so much later than it should means that the page was busy, in milliseconds.
const LATE: f64 = 20.0;

/// How long a browser that was busy may take to deliver the responses that have arrived meanwhile, in milliseconds.
const DELIVERY_TIME: u32 = 1_000;

/// The pause before a request for a fault is sent again, in milliseconds.
const FAULT_RETRY_PAUSE: u32 = 50;

/// Cancels the requests that were sent with its signal when it is dropped.
#[derive(Debug)]
pub struct CancelOnDrop(AbortController);

impl CancelOnDrop {
    /// Creates one for any number of requests.
    pub fn new() -> Self {
        Self(AbortController::new().expect("every browser with WebAssembly has AbortController"))
    }

    /// Returns the signal to pass to [`submit`].
    pub fn signal(&self) -> AbortSignal {
        self.0.signal()
    }
}

impl Default for CancelOnDrop {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends a submission and waits for the response, with a timeout for each attempt and growing pauses between them.
///
/// Calls `on_retry` before each further attempt, with its number and the reason why the last one failed. Returns `None` if
/// the submission was cancelled.
pub async fn submit(
    submission: Submission,
    cancelled: AbortSignal,
    on_retry: impl Fn(u32, &str),
) -> Option<Result<Reply, Failure>> {
    let form = wire::form(submission);
    let mut attempts = 0;
    loop {
        attempts += 1;
        let outcome = attempt(&form, &cancelled).await;
        if cancelled.aborted() {
            return None;
        }
        let failure = match outcome {
            Ok(mut reply) => {
                reply.attempts = attempts;
                return Some(Ok(reply));
            }
            Err(failure) => failure,
        };
        match (failure, RETRY_PAUSES.get(attempts as usize - 1)) {
            (Failure::Lost(reason), Some(&pause)) => {
                on_retry(attempts + 1, &reason);
                TimeoutFuture::new(pause).await;
                if cancelled.aborted() {
                    return None;
                }
            }
            (failure, _) => return Some(Err(failure)),
        }
    }
}

/// Asks a replica about itself: nginx asks another one each time, also those that are not ready. `None` if there is no
/// answer, or the backend is older than the page.
pub async fn describe_replica(cancelled: &AbortSignal) -> Option<Replica> {
    let request = Request::get(relative(path::REPLICA));
    let Exchange { body, .. } = exchange(request, None, cancelled, DESCRIBE_TIMEOUT).await?.ok()?;
    wire::replica(&body)
}

/// Asks a replica to inject a fault into itself, and returns when it acknowledged that.
///
/// The Service chooses the replica. Another one answers 421, and then the request is sent again, at most `max_attempts` times.
pub async fn inject_fault(pod: &str, fault: Fault, max_attempts: u32) -> Result<f64, String> {
    let body = wire::fault(FaultRequest {
        pod: pod.to_owned(),
        fault,
        seconds: fault.default_seconds(),
    });
    let cancel = CancelOnDrop::new();
    for _ in 0..max_attempts {
        let request = Request::post(relative(path::FAULTS)).header("Content-Type", "application/json");
        let response = exchange(request, Some(&body), &cancel.signal(), ATTEMPT_TIMEOUT).await;
        match response.map(|response| response.map(|exchange| (exchange.response.status(), exchange.body))) {
            Some(Ok((202, _))) => return Ok(now()),
            Some(Ok((404, _))) => return Err("faults are turned off".to_owned()),
            // Another replica has answered, or none.
            Some(Ok((421 | 500.., _)) | Err(_)) | None => TimeoutFuture::new(FAULT_RETRY_PAUSE).await,
            Some(Ok((status, body))) => {
                return Err(wire::problem(&body).map_or_else(|| format!("status {status}"), |problem| problem.detail));
            }
        }
    }
    Err(format!("{max_attempts} attempts reached other replicas"))
}

/// Sends a submission once.
async fn attempt(form: &JsValue, cancelled: &AbortSignal) -> Result<Reply, Failure> {
    let request = Request::post(relative(path::SUBMISSIONS)).header("Accept", "application/json");
    match exchange(request, Some(form), cancelled, ATTEMPT_TIMEOUT).await {
        Some(Ok(exchange)) => parse(&exchange),
        Some(Err(_)) => lost("The backend cannot be reached."),
        None => lost(&format!(
            "The backend did not answer within {} seconds.",
            ATTEMPT_TIMEOUT / 1_000
        )),
    }
}

/// A response.
struct Exchange {
    response: Response,
    body: String,
    /// The time from sending the request to the end of the response, in milliseconds.
    millis: f64,
}

/// Sends a request as soon as the browser can, and returns the response, or `None` after `timeout` milliseconds.
///
/// `AbortSignal.any` and `AbortSignal.timeout` would do for the timeout and the cancellation, but Safari before 17.4 lacks
/// the first, and in Firefox the signals made by both pile up.
async fn exchange(
    request: RequestBuilder,
    body: Option<&JsValue>,
    cancelled: &AbortSignal,
    timeout: u32,
) -> Option<Result<Exchange, gloo_net::Error>> {
    let _slot = slots::take().await;
    let start = now();
    let own = CancelOnDrop::new();
    let controller = own.0.clone();
    let _listener = EventListener::once(cancelled, "abort", move |_| controller.abort());
    let response = async {
        let request = request.abort_signal(Some(&own.signal()));
        let request = match body {
            Some(body) => request.body(body)?,
            None => request.build()?,
        };
        let response = request.send().await?;
        // The timeout includes the body.
        let body = response.text().await?;
        let millis = now() - start;
        Ok(Exchange { response, body, millis })
    };
    within(timeout, response).await
}

/// Waits for `future`, at most for `timeout` milliseconds. Then it returns `None`, even if the browser never settles the
/// promise behind the future.
///
/// Where the page was busy for longer than that, timer and response are due at the same time. The response comes first.
async fn within<T>(timeout: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let due = now() + f64::from(timeout);
    let mut timer = pin!(async {
        TimeoutFuture::new(timeout).await;
        if now() > due + LATE {
            TimeoutFuture::new(DELIVERY_TIME).await;
        }
    });
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Interprets a response. A server error (5xx) is worth another attempt.
fn parse(Exchange { response, body, millis }: &Exchange) -> Result<Reply, Failure> {
    let status = response.status();
    if response.ok() {
        let retried_by_nginx = response
            .headers()
            .get("x-retried")
            .is_some_and(|value| !value.is_empty());
        let Some(response) = wire::response(body) else {
            return lost("The backend's response is malformed.");
        };
        return Ok(Reply {
            response,
            millis: *millis,
            attempts: 1,
            retried_by_nginx,
        });
    }
    match wire::problem(body) {
        Some(problem) if status < 500 => Err(Failure::Rejected(problem)),
        // The page says itself whether it tries again.
        _ => lost(&format!("No replica answered (status {status}).")),
    }
}

fn lost<T>(reason: &str) -> Result<T, Failure> {
    Err(Failure::Lost(reason.to_owned()))
}
