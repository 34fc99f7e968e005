//! `POST /api/submissions`: takes a person's name, and returns a message for them.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web,
};
use api::{Name, Submission, SubmissionResponse, path};
use service::{
    body,
    openapi::{AnyProblem, problem_response},
};
use utoipa::{
    IntoResponses, PartialSchema,
    openapi::{Content, ContentBuilder, RefOr, Response},
};

use crate::{
    error::Error,
    state::AppState,
    submission::{
        html,
        parsing::{MediaType, parse},
    },
};

/// The same as `json` would set, without parsing it for every response.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Responds to a submission: with JSON, or with a page where a browser sent the form without script.
#[utoipa::path(
    post,
    path = path::SUBMISSIONS,
    request_body(content(
        (Submission = "application/json"),
        (Submission = "application/x-www-form-urlencoded"),
    )),
    responses(
        (
            status = 200,
            description = "The message.",
            content((SubmissionResponse = "application/json"), (String = "text/html"))
        ),
        SubmissionProblem,
        AnyProblem,
    )
)]
pub async fn submit(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Error> {
    if let Some(faults) = &state.faults {
        faults.wait_while_hanging().await;
        faults.affect_submission().await?;
    }
    let media_type = MediaType::from_request(&request)?;
    let body = body::read(&request, payload).await?;
    let submission = parse(media_type, &body)?;
    let outcome = Name::try_from(submission.name.as_str())
        .map_err(Error::from)
        .map(|name| respond(name, &state));

    if media_type == MediaType::Form && html::is_preferred_by(&request) {
        return Ok(match outcome {
            Ok(response) => html::respond(HttpResponse::Ok(), html::responded(&response)),
            Err(error) => {
                let status = HttpResponse::build(error.status_code());
                html::respond(status, html::refused(&submission.name, &error))
            }
        });
    }
    outcome.map(|response| {
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, JSON))
            .json(response)
    })
}

fn respond(name: Name, state: &AppState) -> SubmissionResponse {
    SubmissionResponse {
        message: format!("Hello, {}! Nice to meet you.", name.isolated()),
        name: name.into(),
        pod: state.build.pod.clone(),
        version: state.build.version.clone(),
        platform: state.platform,
        uptime_seconds: state.start.elapsed().as_secs().try_into().unwrap_or(u32::MAX),
        started_at: state.started_at,
        faults: state.faults.is_some(),
    }
}

/// The problems with which a submission may be rejected, besides [`AnyProblem`].
struct SubmissionProblem;

impl IntoResponses for SubmissionProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let describe = |status: StatusCode| {
            let response = match status {
                // The page that keeps the entered name.
                StatusCode::UNPROCESSABLE_ENTITY => problem_response(status).content("text/html", html_content()),
                _ => problem_response(status),
            };
            (status.as_str().to_owned(), response.build().into())
        };
        let statuses = [
            StatusCode::BAD_REQUEST,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        statuses.into_iter().map(describe).collect()
    }
}

fn html_content() -> Content {
    ContentBuilder::new().schema(Some(String::schema())).build()
}
