//! Serialization of the types in `api`, with the browser's own parser: another one would add 15 kB to the download.
//!
//! The compiler checks that a field added to the submission or its response is added here. It does not for `Problem`.

use api::{FaultRequest, FieldError, Platform, Problem, Replica, Submission, SubmissionResponse};
use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::UrlSearchParams;

/// Returns a submission as form data, exactly as the browser sends it without script.
pub fn form(submission: Submission) -> JsValue {
    let Submission { name } = submission;
    let form = UrlSearchParams::new().expect("an empty list of parameters is valid");
    form.append("name", &name);
    form.into()
}

/// Returns a request for a fault as JSON.
pub fn fault(request: FaultRequest) -> JsValue {
    let FaultRequest { pod, fault, seconds } = request;
    let request = Object::new();
    let fields = [
        ("pod", pod.into()),
        ("fault", fault.as_str().into()),
        ("seconds", seconds.into()),
    ];
    for (name, value) in fields {
        // It fails only for an object that cannot be changed.
        _ = Reflect::set(&request, &name.into(), &value);
    }
    JSON::stringify(&request).map(JsValue::from).unwrap_or_default()
}

/// Parses a response. A backend older than the page says less.
pub fn response(body: &str) -> Option<SubmissionResponse> {
    let response = JSON::parse(body).ok()?;
    let started_at = number(&response, "started_at");
    Some(SubmissionResponse {
        message: text(&response, "message")?,
        name: text(&response, "name").unwrap_or_default(),
        pod: text(&response, "pod")?,
        version: text(&response, "version")?,
        platform: platform(&response),
        uptime_seconds: number(&response, "uptime_seconds").unwrap_or_default() as u32,
        started_at: started_at.unwrap_or_default() as u64,
        faults: member(&response, "faults").is_some_and(|value| value.is_truthy()),
    })
}

/// Parses what a replica says about itself.
pub fn replica(body: &str) -> Option<Replica> {
    let replica = JSON::parse(body).ok()?;
    Some(Replica {
        pod: text(&replica, "pod")?,
        version: text(&replica, "version")?,
        ready: member(&replica, "ready")?.as_bool()?,
        platform: platform(&replica),
    })
}

fn platform(value: &JsValue) -> Platform {
    let platform = text(value, "platform").and_then(|platform| platform.parse().ok());
    platform.unwrap_or_default()
}

/// Parses a problem document.
pub fn problem(body: &str) -> Option<Problem> {
    let problem = JSON::parse(body).ok()?;
    let status = member(&problem, "status")?.as_f64()? as u16;
    let errors = member(&problem, "errors").and_then(|errors| errors.dyn_into::<Array>().ok());
    Some(Problem {
        errors: errors
            .iter()
            .flat_map(Array::iter)
            .filter_map(|error| field_error(&error))
            .collect(),
        ..Problem::new(status, text(&problem, "title")?, text(&problem, "detail")?)
    })
}

fn field_error(error: &JsValue) -> Option<FieldError> {
    Some(FieldError {
        field: text(error, "field")?,
        detail: text(error, "detail")?,
    })
}

fn text(value: &JsValue, name: &str) -> Option<String> {
    member(value, name)?.as_string()
}

fn number(value: &JsValue, name: &str) -> Option<f64> {
    member(value, name)?.as_f64()
}

fn member(value: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(value, &name.into()).ok()
}
