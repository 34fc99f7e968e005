//! The server with one more route, whose handler panics: what the tests of panics start.

use std::error::Error;

use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig},
};
use backend::{Settings, log, routes, signals, startup};
use clap::Parser;

fn routes(app: &mut ServiceConfig) {
    app.route("/panic", web::get().to(panic)).configure(routes::configure);
}

async fn panic() -> HttpResponse {
    panic!("the handler's own\nwords");
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::parse();
    let listener = startup::bind(&settings)?;
    let log = log::start(&settings)?;
    let shutdown = signals::shutdown(log.clone())?;
    startup::serve(listener, &settings, routes, shutdown).await?;
    log.flush();
    Ok(())
}
