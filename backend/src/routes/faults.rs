//! `POST /api/faults`: injects a fault into this replica. The route exists only where a setting enables it.

use actix_web::{HttpRequest, HttpResponse, rt, web};
use api::{FaultRequest, Problem, path};
use service::{Rejection, body, openapi::AnyProblem};

use crate::{
    error::Error,
    state::AppState,
    submission::parsing::{MediaType, parse_json},
};

/// Accepts a fault for this pod, and injects it after the response.
#[utoipa::path(post, path = path::FAULTS, request_body = FaultRequest, responses(
    (status = 202, description = "The fault is accepted.", body = FaultRequest),
    (status = 400, description = "Bad Request", body = Problem, content_type = Problem::MEDIA_TYPE),
    (status = 408, description = "Request Timeout", body = Problem, content_type = Problem::MEDIA_TYPE),
    (status = 413, description = "Payload Too Large", body = Problem, content_type = Problem::MEDIA_TYPE),
    (status = 415, description = "Unsupported Media Type", body = Problem, content_type = Problem::MEDIA_TYPE),
    (status = 421, description = "Another pod responds. Try again.", body = Problem, content_type = Problem::MEDIA_TYPE),
    (status = 422, description = "Unprocessable Entity", body = Problem, content_type = Problem::MEDIA_TYPE),
    AnyProblem,
))]
pub async fn inject(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Error> {
    let faults = state.faults.clone().ok_or(Rejection::NotFound)?;
    if MediaType::from_request(&request)? != MediaType::Json {
        return Err(Error::NotJson);
    }
    let accepted: FaultRequest = parse_json(&body::read(&request, payload).await?)?;
    if accepted.pod != state.build.pod {
        return Err(Error::OtherPod {
            this: state.build.pod.clone(),
        });
    }
    if !accepted.is_duration_valid() {
        return Err(Error::InvalidSeconds(accepted.fault));
    }
    rt::spawn(faults.inject(accepted.clone()));
    Ok(HttpResponse::Accepted().json(accepted))
}
