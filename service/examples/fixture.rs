//! What the tests of this crate need and `hello` does not have: an admin port, labels of the build, responses that are long or
//! streamed, and a panic whose message has two lines.

use std::{error::Error, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Payload, ServiceConfig},
};
use service::{
    Logging, Rejection, Service, body, listener,
    routes::{get, post},
    shutdown,
};

fn routes(app: &mut ServiceConfig) {
    app.service(post("/echo", echo))
        .service(post("/stream", stream))
        .service(get("/large", large))
        .service(get("/panic", panic));
}

/// Answers with the request's body.
async fn echo(request: HttpRequest, payload: Payload) -> Result<Bytes, Rejection> {
    body::read(&request, payload).await
}

/// Streams the request's body back.
async fn stream(payload: Payload) -> HttpResponse {
    HttpResponse::Ok().streaming(payload)
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
    let free_port = || listener::bind(([127, 0, 0, 1], 0).into());
    let listener = free_port()?;
    let log = Logging::default().start()?;
    let shutdown = shutdown::on_signal(log.flusher())?;
    Service::new("fixture")
        .build_info([("version", "v7".to_owned())])
        .drain_time(Duration::ZERO)
        .admin_listener(Some(free_port()?))
        .routes(routes)
        .run(listener, shutdown)
        .await?;
    log.flush();
    Ok(())
}
