//! A complete service: `cargo run --package actix-kube-service --example hello`, then `curl localhost:8000/hello/Ada`.

use std::{env, error::Error, str::FromStr, time::Duration};

use actix_kube_service::{Limits, Logging, Service, body, listener, routes, shutdown};
use actix_web::{HttpRequest, web::Path};

fn setting<T: FromStr>(variable: &str, default: &str) -> Result<T, T::Err> {
    env::var(variable).as_deref().unwrap_or(default).parse()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = listener::bind(setting("ADDRESS", "127.0.0.1:8000")?)?;
    let log = Logging::new(setting("LOG_FORMAT", "auto")?, setting("LOG_LEVEL", "info")?).start()?;
    let shutdown = shutdown::on_signal(log.flusher())?;
    let mut limits = Limits::default();
    limits.keep_alive = Duration::from_secs(setting("KEEP_ALIVE_SECONDS", "620")?);
    let hello = async |name: Path<String>| format!("Hello, {name}!");
    let echo = async |request: HttpRequest, payload| body::read(&request, payload).await;
    Service::new("hello")
        .limits(limits)
        .drain_time(Duration::from_secs(setting("DRAIN_SECONDS", "5")?))
        .routes(move |app| {
            app.service(routes::get("/hello/{name}", hello));
            app.service(routes::post("/echo", echo));
            app.service(routes::get("/divide/{n}", async |n: Path<u32>| (100 / *n).to_string()));
        })
        .run(listener, shutdown)
        .await?;
    Ok(())
}
