//! The worker threads of a listener: middleware around the application's routes.

use std::{future::Future, io, net::TcpListener, rc::Rc, sync::Arc, time::Duration};

use actix_service::{ServiceFactory, fn_factory, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, Server},
    rt,
    web::{self, ServiceConfig},
};
use futures_util::FutureExt;
use tracing_actix_web::TracingLogger;

use crate::{
    admin,
    connection::Connections,
    health::Health,
    limits::Limits,
    metrics::Metrics,
    middleware::{Middleware, request_span::RequestSpan},
    routes::not_found,
    shutdown::Drain,
};

/// The most connections to the admin port. Kubernetes and Prometheus need a few.
const MAX_ADMIN_CONNECTIONS: usize = 64;

/// What adds the application's routes and data.
pub type Routes = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// What the worker threads of a listener share.
#[derive(Clone)]
pub struct Shared {
    pub limits: Limits,
    pub drain: Drain,
    pub health: Health,
    pub metrics: Metrics,
    /// Whether the admin endpoints are beside the routes.
    pub has_admin: bool,
    pub routes: Routes,
}

impl Shared {
    /// Returns the same for the admin port.
    pub fn admin(&self) -> Self {
        Self {
            limits: Limits {
                max_connections: MAX_ADMIN_CONNECTIONS,
                ..self.limits.clone()
            },
            has_admin: true,
            routes: Arc::new(|_| {}),
            ..self.clone()
        }
    }

    /// Starts the worker threads of a listener. The result has to be awaited.
    pub fn serve(
        self,
        name: &str,
        listener: TcpListener,
        workers: usize,
        shutdown: impl Future<Output = ()> + Send + 'static,
        shutdown_timeout: Duration,
    ) -> io::Result<Server> {
        let max_connections = (self.limits.affordable_connections() / workers).max(1);
        let server = Server::build();
        let graceful_shutdown = server.graceful_shutdown_signal();
        let server = server
            .workers(workers)
            .max_concurrent_connections(max_connections)
            .shutdown_signal(shutdown)
            .shutdown_timeout(shutdown_timeout.as_secs_f64().ceil() as u64)
            .listen(name, listener, move || {
                // All of this once for each worker thread: threads that share reference counts slow each other down.
                let shared = self.clone();
                let limits = Rc::new(shared.limits);
                let middleware = Middleware::new(limits.clone(), shared.drain.clone(), shared.metrics.clone());
                let middleware = Rc::new(middleware);
                let (handler, graceful_shutdown) = (middleware.clone(), graceful_shutdown.clone());
                let app = App::new()
                    .app_data(web::Data::new(shared.drain))
                    .app_data(web::Data::new(shared.health))
                    .app_data(web::Data::new(shared.metrics))
                    .app_data(limits.clone())
                    .configure(|app| {
                        if shared.has_admin {
                            admin::configure(app);
                        }
                    })
                    .configure(|app| (shared.routes)(app))
                    .default_service(web::to(not_found))
                    .wrap_fn(move |request, service| handler.clone().handle(request, service))
                    .wrap(TracingLogger::<RequestSpan>::new());
                let app = map_config(app, |_| AppConfig::default());
                fn_factory(move || {
                    let (app, limits, middleware) = (app.new_service(()), limits.clone(), middleware.clone());
                    let graceful_shutdown = graceful_shutdown.clone();
                    async move {
                        let connections = Rc::new(Connections::new(app.await?, limits, max_connections, middleware));
                        let idle = Rc::downgrade(&connections);
                        rt::spawn(async move {
                            graceful_shutdown.notified().await;
                            if let Some(connections) = idle.upgrade() {
                                connections.close_idle();
                            }
                        });
                        Ok::<_, ()>(fn_service(move |stream| {
                            connections.clone().serve(stream).map(Ok::<_, ()>)
                        }))
                    }
                })
            })?;
        Ok(server.run())
    }
}
