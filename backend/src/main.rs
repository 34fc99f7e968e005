//! The process: settings, log, listener, and the service until a signal ends it.

use std::{error::Error, process::ExitCode};

use backend::{Settings, app, check_health::check_health, faults::Faults, state::AppState};
use service::{Service, health::Health, listener, server::LISTENING, shutdown};

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    match run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), Box<dyn Error>> {
    if settings.check_health {
        return Ok(check_health(settings.admin_port.unwrap_or(settings.port))?);
    }
    let bind = |address, flags| {
        listener::bind(address).map_err(|error| format!("{error}. Choose another one by {flags}, or the variable."))
    };
    let listener = bind(settings.address(), "--host and --port")?;
    let admin = settings.admin_address();
    let admin_listener = admin.map(|admin| bind(admin, "--admin-port")).transpose()?;
    let log = settings.logging().start()?;
    let shutdown = shutdown::on_signal(log.flusher())?;
    let health = Health::default();
    health.set_ready(!settings.never_ready);
    let faults = settings
        .faults
        .then(|| Faults::new(health.clone(), log.clone()))
        .transpose()?;
    let state = AppState::new(&settings, health.clone(), faults);
    let build = state.build.clone();
    Service::new("backend")
        .build_info([
            ("version", settings.app_version.clone()),
            ("commit", settings.commit.clone()),
        ])
        .limits(settings.limits())
        .drain_time(settings.drain_time)
        .shutdown_timeout(settings.shutdown_timeout)
        .admin_listener(admin_listener)
        .health(health)
        .metrics(state.faults.as_ref().map(Faults::metric))
        .routes(app::routes(state))
        .log_listening(move |address| {
            tracing::info!(message = LISTENING, %address, version = build.version, commit = build.commit, pod = build.pod);
        })
        .run(listener, shutdown)
        .await?;
    Ok(())
}
