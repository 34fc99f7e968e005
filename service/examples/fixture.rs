//! What the tests of this crate need and `hello` does not have: an admin port, labels of the build, several methods at one path,
//! responses that are long, streamed or never complete, and a panic whose message has two lines.

use std::{env, error::Error, future, thread, time::Duration};

use actix_kube_service::{
    Limits, Logging, Rejection, Service, body, listener,
    routes::{Resource, get, post},
    shutdown,
};
use actix_web::{
    HttpRequest, HttpResponse,
    error::ErrorBadGateway,
    http::Method,
    web::{Bytes, Payload, ServiceConfig},
};
use futures_util::stream;

fn routes(app: &mut ServiceConfig) {
    app.service(post("/echo", echo))
        .service(post("/stream", stream))
        .service(get("/large", large))
        .service(get("/megabyte", async || "x".repeat(1 << 20)))
        .service(get("/late", late))
        .service(get("/never", async || future::pending::<&str>().await))
        .service(get("/block", async || -> &'static str {
            loop {
                thread::park();
            }
        }))
        .service(get("/unfinished", unfinished))
        .service(get("/bad-gateway", async || {
            Err::<&str, _>(ErrorBadGateway("an inner address"))
        }))
        .service(Resource::new("/item").get(item).method(Method::DELETE, item))
        .service(get("/panic", panic));
}

/// Returns the request's body.
async fn echo(request: HttpRequest, payload: Payload) -> Result<Bytes, Rejection> {
    body::read(&request, payload).await
}

/// Streams the request's body back.
async fn stream(payload: Payload) -> HttpResponse {
    HttpResponse::Ok().streaming(payload)
}

/// Returns a few times what one read of a client takes.
async fn large() -> String {
    "large ".repeat(2000)
}

/// Responds after a second.
async fn late() -> &'static str {
    tokio::time::sleep(Duration::from_secs(1)).await;
    "late"
}

/// Sends a part of a response, and never the rest.
async fn unfinished() -> HttpResponse {
    let part = stream::iter([Ok::<_, Rejection>(Bytes::from_static(b"part"))]);
    HttpResponse::Ok().streaming(futures_util::StreamExt::chain(part, stream::pending()))
}

async fn item(request: HttpRequest) -> String {
    request.method().to_string()
}

async fn panic() -> HttpResponse {
    panic!("the handler's own\nwords");
}

/// Returns the time that a variable sets, in seconds.
fn seconds(variable: &str, default: Duration) -> Result<Duration, Box<dyn Error>> {
    env::var(variable).map_or(Ok(default), |seconds| Ok(Duration::from_secs(seconds.parse()?)))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let free_port = || listener::bind(([127, 0, 0, 1], 0).into());
    let listener = free_port()?;
    let log = Logging::default().start()?;
    let shutdown = shutdown::on_signal(log.flusher())?;
    let mut limits = Limits::default();
    limits.read_timeout = seconds("READ_TIMEOUT_SECONDS", limits.read_timeout)?;
    limits.write_timeout = seconds("WRITE_TIMEOUT_SECONDS", limits.write_timeout)?;
    Service::new("test-fixture")
        .limits(limits)
        .build_info([("version", "v7".to_owned())])
        .drain_time(seconds("DRAIN_SECONDS", Duration::ZERO)?)
        // A test fails before.
        .shutdown_timeout(Duration::from_secs(3600))
        .admin_listener(Some(free_port()?))
        .routes(routes)
        .run(listener, shutdown)
        .await?;
    Ok(())
}
