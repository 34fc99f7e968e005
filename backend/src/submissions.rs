//! `POST /api/submissions`: a person's name comes in, a message for them goes out.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::header::{self, HeaderValue},
    web,
};
use api::{Answer, BuildInfo, Name, Submission, path};

use crate::{
    accept::prefers_html,
    body::{self, MediaType},
    error::Error,
    html,
    openapi::{AnyProblem, SubmissionProblem},
    replica::Replica,
};

/// As `json` would put it, but that would write it anew for every answer.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers a submission: with JSON, or with a page where a browser sent the form without script.
#[utoipa::path(
    post,
    path = path::SUBMISSIONS,
    request_body(content(
        (Submission = "application/json"),
        (Submission = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The message.", content((Answer = "application/json"), (String = "text/html"))),
        SubmissionProblem,
        AnyProblem,
    )
)]
pub async fn submit(
    request: HttpRequest,
    payload: web::Payload,
    replica: web::Data<Replica>,
) -> Result<HttpResponse, Error> {
    let media_type = MediaType::of(&request)?;
    let body = body::read(&request, payload).await?;
    let submission = body::parse(media_type, &body)?;
    let outcome = Name::try_from(submission.name.as_str())
        .map_err(Error::from)
        .map(|name| answer(&name, &replica.build));

    if media_type == MediaType::Form && prefers_html(&request) {
        return Ok(match outcome {
            Ok(answer) => html::respond(HttpResponse::Ok(), html::answered(&answer)),
            Err(error) => {
                let status = HttpResponse::build(error.status_code());
                html::respond(status, html::refused(&submission.name, &error))
            }
        });
    }
    outcome.map(|answer| {
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, JSON))
            .json(answer)
    })
}

fn answer(name: &Name, build: &BuildInfo) -> Answer {
    Answer {
        message: format!("Hello, {name}! Nice to meet you."),
        pod: build.pod.clone(),
        version: build.version.clone(),
    }
}
