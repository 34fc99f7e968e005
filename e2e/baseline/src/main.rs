//! The baseline of the benchmark: the same routes on actix-web alone, without log, metrics, limits or drain.

use std::{env, io};

use actix_web::{
    App, HttpResponse, HttpServer,
    error::ErrorUnprocessableEntity,
    web::{self, Json, Path},
};
use api::{Name, Platform, Submission, SubmissionResponse, path};

async fn submit(submission: Json<Submission>) -> actix_web::Result<HttpResponse> {
    let name = Name::try_from(submission.name.as_str()).map_err(ErrorUnprocessableEntity)?;
    Ok(HttpResponse::Ok().json(SubmissionResponse {
        message: format!("Hello, {name}! Nice to meet you."),
        name: name.into(),
        pod: "pod".to_owned(),
        version: "v1".to_owned(),
        platform: Platform::Kubernetes,
        started_at: 0,
        uptime_seconds: 0,
        faults: false,
    }))
}

async fn hello(name: Path<String>) -> String {
    format!("Hello, {name}!")
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:8000".to_owned());
    let app = || {
        App::new()
            .route(path::SUBMISSIONS, web::post().to(submit))
            .route("/hello/{name}", web::get().to(hello))
    };
    HttpServer::new(app).bind(address)?.run().await
}
