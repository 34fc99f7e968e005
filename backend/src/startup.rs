//! The listener and the server: its limits, and the layers around every handler.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
};

use actix_web::{App, HttpServer, web};
use api::BuildInfo;
use tracing_actix_web::TracingLogger;

use crate::{
    Settings,
    drain::Drain,
    limits,
    metrics::Metrics,
    observe::{self, RequestSpan},
    panics, response_headers, routes,
};

/// Why the server has no address to listen on. Its text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error(
        "port {} of {} is taken by another process. Choose another one by --port or the variable PORT.",
        .0.port(),
        .0.ip()
    )]
    Taken(SocketAddr),
    /// The operating system refuses.
    #[error("cannot listen on {address}: {cause}. Choose another address by --host and --port.")]
    Refused {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system says.
        cause: io::Error,
    },
}

/// Binds the listener. From here on connections are taken, and answered once [`serve`] runs.
///
/// # Errors
///
/// When the address is taken, or not to be had.
pub fn bind(settings: &Settings) -> Result<TcpListener, BindError> {
    let address = SocketAddr::from((settings.host, settings.port));
    TcpListener::bind(address).map_err(|cause| match cause.kind() {
        io::ErrorKind::AddrInUse => BindError::Taken(address),
        _ => BindError::Refused { address, cause },
    })
}

/// Answers requests until `shutdown` ends; then drains, finishes what is in flight, and returns.
///
/// # Errors
///
/// When the operating system refuses what a server needs, such as threads.
pub async fn serve(
    listener: TcpListener,
    settings: &Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let build = web::Data::new(BuildInfo {
        version: settings.app_version.clone(),
        commit: settings.commit.clone(),
        pod: settings.pod_name.clone(),
    });
    let drain = web::Data::new(Drain::default());
    let metrics = web::Data::new(Metrics::new(&build).map_err(io::Error::other)?);
    tracing::info!(address = %listener.local_addr()?, version = build.version, pod = build.pod, "listening");

    let drained = {
        let (drain, drain_time) = (drain.clone(), settings.drain_time);
        async move { drain.run(shutdown, drain_time).await }
    };
    HttpServer::new(move || {
        // The last layer is the first to see a request.
        App::new()
            .app_data(build.clone())
            .app_data(drain.clone())
            .app_data(metrics.clone())
            .configure(routes::configure)
            .wrap_fn(panics::catch)
            .wrap_fn(limits::headers)
            .wrap_fn(observe::answered)
            .wrap(TracingLogger::<RequestSpan>::new())
            .wrap_fn(response_headers::add)
    })
    .client_request_timeout(limits::ARRIVAL_TIME)
    .max_connections(limits::CONNECTIONS)
    // An idle connection must end before the listener does: a request sent on it later would be lost.
    .keep_alive(limits::KEEP_ALIVE.min(settings.drain_time))
    .shutdown_signal(drained)
    .shutdown_timeout(settings.finish_time.as_secs())
    .listen(listener)?
    .run()
    .await?;
    tracing::info!("ended");
    Ok(())
}
