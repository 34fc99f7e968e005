//! All routes of the application, on one screen. `service` adds those for Kubernetes and Prometheus.

use actix_web::web::{self, ServiceConfig};
use api::path;
use service::routes::{get, post};

use crate::{
    openapi::openapi,
    routes::{submissions::submit, version::version},
    state::AppState,
};

/// Returns the function that adds the routes and their state to the app of one worker thread.
pub fn routes(state: AppState) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static {
    move |app| {
        app.app_data(web::Data::new(state.clone()))
            .service(post(path::SUBMISSIONS, submit))
            .service(get(path::VERSION, version))
            .service(get(path::OPENAPI, openapi));
    }
}
