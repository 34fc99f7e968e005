//! The listener and the server: its limits, and what is around every handler.

use std::{
    future::{Future, ready},
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::Duration,
};

use actix_http::HttpService;
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, Server},
    http::KeepAlive,
    rt::net::TcpStream,
    web,
};
use api::BuildInfo;
use socket2::{Domain, Socket, Type};
use tracing_actix_web::TracingLogger;

use crate::{
    Settings,
    connection::{Connection, LINGER_TIME},
    drain::Drain,
    layer, limits,
    metrics::Metrics,
    replica::Replica,
    request_span::RequestSpan,
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
    listen(address).map_err(|cause| match cause.kind() {
        io::ErrorKind::AddrInUse => BindError::Taken(address),
        _ => BindError::Refused { address, cause },
    })
}

/// As `TcpListener::bind`, but for the queue: that one's holds 128 connections, and who comes while it is full is heard only
/// when they ask again, a second later.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A successor on the same port need not wait until the last connections are forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(limits::BACKLOG)?;
    Ok(socket.into())
}

/// Answers requests on `routes` until `shutdown` ends; then drains, finishes what is in flight, and returns.
///
/// # Errors
///
/// When the operating system refuses what a server needs, such as threads.
pub async fn serve(
    listener: TcpListener,
    settings: &Settings,
    routes: fn(&mut web::ServiceConfig),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let build = BuildInfo {
        version: settings.app_version.clone(),
        commit: settings.commit.clone(),
        pod: settings.pod_name.clone(),
    };
    tracing::info!(address = %listener.local_addr()?, version = build.version, pod = build.pod, "listening");
    let metrics = Metrics::new(&build).map_err(io::Error::other)?;
    let build = Arc::new(build);
    let drain = Arc::new(Drain::default());
    let drained = {
        let (drain, drain_time) = (drain.clone(), settings.drain_time);
        async move { drain.run(shutdown, drain_time).await }
    };
    let workers = thread::available_parallelism()?.get();
    // An idle connection must end before the listener does: a request sent on it later would be lost.
    let (keep_alive, idle_time) = match settings.drain_time {
        // actix-web ends each connection after its answer.
        Duration::ZERO => (KeepAlive::Disabled, limits::KEEP_ALIVE),
        drain_time => (KeepAlive::Os, limits::KEEP_ALIVE.min(drain_time)),
    };
    Server::build()
        .workers(workers)
        .max_concurrent_connections(limits::CONNECTIONS / workers)
        .shutdown_signal(drained)
        .shutdown_timeout(settings.finish_time.as_secs_f64().ceil() as u64)
        .listen("backend", listener, move || {
            // One for each worker thread: counting references to a shared one would cost more than the handlers do.
            let replica = web::Data::new(Replica {
                build: build.clone(),
                drain: drain.clone(),
                metrics: metrics.clone(),
                counter: metrics.counter(),
            });
            let connection = {
                let replica = replica.clone();
                move |stream: TcpStream| {
                    let client = stream.peer_addr().ok();
                    ready(Ok((Connection::new(stream, idle_time, replica.clone()), client)))
                }
            };
            let app = App::new()
                .app_data(replica.clone())
                .configure(routes)
                .wrap_fn(move |request, service| layer::around(replica.clone(), request, service))
                .wrap(TracingLogger::<RequestSpan>::new());
            // What actix-web's HttpServer does, on our own kind of connection, which sees to the times of a client.
            let http = HttpService::build()
                .client_request_timeout(Duration::ZERO)
                .keep_alive(keep_alive)
                .client_disconnect_timeout(LINGER_TIME)
                .on_connect_ext(|connection: &Connection, data| {
                    data.insert(connection.progress().clone());
                })
                .h1(map_config(app, |_| AppConfig::default()));
            fn_service(connection).and_then(http)
        })?
        .run()
        .await?;
    tracing::info!("ended");
    Ok(())
}
