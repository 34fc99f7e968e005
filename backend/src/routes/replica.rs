//! `GET /api/replica`: this replica, and whether it is ready. The page finds replicas by it that get no submissions yet.

use actix_web::{HttpResponse, web};
use api::{Replica, path};
use service::openapi::AnyProblem;

use crate::state::AppState;

/// Returns the [`Replica`].
#[utoipa::path(get, path = path::REPLICA, responses(
    (status = 200, description = "The replica.", body = Replica),
    AnyProblem,
))]
pub async fn replica(state: web::Data<AppState>) -> HttpResponse {
    if let Some(faults) = &state.faults {
        faults.wait_while_hanging().await;
    }
    HttpResponse::Ok().json(Replica {
        pod: state.build.pod.clone(),
        version: state.build.version.clone(),
        ready: state.health.is_ready(),
        platform: state.platform,
    })
}
