//! Stand-ins for a backend that does what the real one cannot be made to do.

use std::net::{SocketAddr, TcpListener};

use actix_web::{
    App, HttpResponse, HttpServer,
    http::StatusCode,
    web::{self, Data},
};
use anyhow::Result;
use api::Problem;

/// Refuses every submission with this problem.
pub fn that_refuses(problem: Problem) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let problem = Data::new(problem);
    let app = move || App::new().app_data(problem.clone()).default_service(web::to(refuse));
    tokio::spawn(
        HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .listen(listener)?
            .run(),
    );
    Ok(address)
}

async fn refuse(problem: Data<Problem>) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type(Problem::MEDIA_TYPE)
        .json(&**problem)
}

/// Lets everybody connect and never answers, as long as what is returned lives.
pub fn that_hangs() -> Result<TcpListener> {
    Ok(TcpListener::bind("127.0.0.1:0")?)
}
