//! A complete service: `cargo run --package service --example hello`, then `curl localhost:8000/hello/Ada`.

use std::{env, error::Error};

use actix_web::web;
use service::{Logging, Service, listener, routes, shutdown};

async fn hello(name: web::Path<String>) -> String {
    format!("Hello, {name}!")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT").map_or(Ok(8000), |port| port.parse())?;
    let listener = listener::bind(([127, 0, 0, 1], port).into())?;
    let log = Logging::default().start()?;
    let shutdown = shutdown::on_signal(log.flusher())?;
    Service::new("hello")
        .routes(|app| {
            app.service(routes::get("/hello/{name}", hello));
        })
        .run(listener, shutdown)
        .await?;
    log.flush();
    Ok(())
}
