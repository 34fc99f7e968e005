//! The service that the tests of this crate start: one route of each kind, and the settings that they vary.

use std::{error::Error, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use clap::Parser;
use service::{
    Logging, Rejection, Service, body, listener,
    logging::LogFormat,
    routes::{get, post},
    shutdown,
};
use tracing::level_filters::LevelFilter;

#[derive(Parser)]
struct Settings {
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Opens an admin port, on a free port.
    #[arg(long)]
    admin: bool,
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    drain_time: Duration,
    #[arg(long)]
    text: bool,
    #[arg(long, default_value = "info")]
    log_level: LevelFilter,
}

fn routes(app: &mut ServiceConfig) {
    app.service(post("/echo", echo))
        .service(post("/stream", stream))
        .service(get("/small", small))
        .service(get("/large", large))
        .service(get("/panic", panic));
}

/// Answers with the request's body.
async fn echo(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Rejection> {
    let body = body::read(&request, payload).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}

/// Streams the request's body back.
async fn stream(payload: web::Payload) -> HttpResponse {
    HttpResponse::Ok().streaming(payload)
}

async fn small() -> &'static str {
    "small"
}

/// Answers with a few times what one read of a client takes.
async fn large() -> String {
    "large ".repeat(2000)
}

async fn panic() -> HttpResponse {
    panic!("the handler's own\nwords");
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::parse();
    let listener = listener::bind(([127, 0, 0, 1], settings.port).into())?;
    let admin_listener = settings
        .admin
        .then(|| listener::bind(([127, 0, 0, 1], 0).into()))
        .transpose()?;
    let format = if settings.text {
        LogFormat::Text
    } else {
        LogFormat::Json
    };
    let log = Logging::new(format, settings.log_level).start()?;
    let shutdown = shutdown::on_signal(log.flusher())?;
    Service::new("fixture")
        .build_info([("version", "v7".to_owned())])
        .drain_time(settings.drain_time)
        .admin_listener(admin_listener)
        .routes(routes)
        .run(listener, shutdown)
        .await?;
    log.flush();
    Ok(())
}
