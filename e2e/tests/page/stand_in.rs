//! Stand-ins for a backend, for what the real one does not do on demand.

use std::{
    net::{SocketAddr, TcpListener},
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use actix_web::{
    App, HttpResponse, HttpServer,
    http::StatusCode,
    web::{self, Data, Json},
};
use anyhow::Result;
use api::{Fault, FaultRequest, Platform, Problem, SubmissionResponse};

/// Rejects every submission with this problem.
pub fn that_rejects(problem: Problem) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let problem = Data::new(problem);
    let app = move || App::new().app_data(problem.clone()).default_service(web::to(reject));
    tokio::spawn(
        HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .listen(listener)?
            .run(),
    );
    Ok(address)
}

async fn reject(problem: Data<Problem>) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type(Problem::MEDIA_TYPE)
        .json(&**problem)
}

/// Accepts connections and never answers, until the returned listener is dropped.
pub fn that_hangs() -> Result<TcpListener> {
    Ok(TcpListener::bind("127.0.0.1:0")?)
}

/// Whether a replica injects faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// It says so in its responses, and does.
    On,
    /// It says so in its responses, but the Service sends every request for a fault to another replica.
    Unreachable,
    /// It says so in its responses, but has been restarted with another setting since.
    Announced,
    /// It does not.
    Off,
}

/// A replica that injects faults, as far as the page sees.
#[derive(Debug)]
struct FaultyReplica {
    pod: &'static str,
    faults: Faults,
    /// Unix time in milliseconds.
    started_at: AtomicU64,
}

/// Answers submissions and requests for faults. A crash is a new process that answers at once.
pub fn that_injects_faults(pod: &'static str, faults: Faults) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let replica = Data::new(FaultyReplica {
        pod,
        faults,
        started_at: AtomicU64::new(unix_millis()?),
    });
    let app = move || {
        App::new()
            .app_data(replica.clone())
            .route(api::path::SUBMISSIONS, web::post().to(answer))
            .route(api::path::FAULTS, web::post().to(inject))
    };
    tokio::spawn(
        HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .listen(listener)?
            .run(),
    );
    Ok(address)
}

async fn answer(replica: Data<FaultyReplica>) -> HttpResponse {
    HttpResponse::Ok().json(SubmissionResponse {
        message: "Hello".to_owned(),
        name: "load generator".to_owned(),
        pod: replica.pod.to_owned(),
        version: "v1".to_owned(),
        platform: Platform::Kubernetes,
        uptime_seconds: 1,
        started_at: replica.started_at.load(Ordering::Relaxed),
        faults: replica.faults != Faults::Off,
    })
}

async fn inject(replica: Data<FaultyReplica>, request: Json<FaultRequest>) -> HttpResponse {
    if matches!(replica.faults, Faults::Announced | Faults::Off) {
        return HttpResponse::NotFound().finish();
    }
    if request.pod != replica.pod || replica.faults == Faults::Unreachable {
        return HttpResponse::MisdirectedRequest().finish();
    }
    if request.fault == Fault::Crash {
        replica.started_at.fetch_add(1_000, Ordering::Relaxed);
    }
    HttpResponse::Accepted().json(request.into_inner())
}

fn unix_millis() -> Result<u64> {
    let time = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(time.as_millis())?)
}
