//! The contract's types as they travel, written and read by what the browser has for that: a parser of our own would be
//! another 15 kB to download. A member that is added to a type must be added here, or this does not compile.

use api::{FieldError, Name, Problem, Submission, SubmissionResponse};
use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::UrlSearchParams;

/// A submission as a form, just as the browser sends it without script.
pub fn form(name: Name) -> JsValue {
    let Submission { name } = Submission::from(name);
    let form = UrlSearchParams::new().expect("an empty one can always be made");
    form.append("name", &name);
    form.into()
}

/// The answer that stands there, if one does.
pub fn answer(body: &str) -> Option<SubmissionResponse> {
    let answer = JSON::parse(body).ok()?;
    Some(SubmissionResponse {
        message: text(&answer, "message")?,
        pod: text(&answer, "pod")?,
        version: text(&answer, "version")?,
        started_at: member(&answer, "started_at")?.as_f64()? as u64,
        faults: member(&answer, "faults")?.as_bool()?,
    })
}

/// The problem that stands there, if one does.
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

fn member(value: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(value, &name.into()).ok()
}
