//! All routes of the application, on one screen. `service` adds those of every service.

use actix_web::web::{self, ServiceConfig};
use service::{openapi::Api, route};
use utoipa::openapi::InfoBuilder;

use crate::{
    routes::{faults, replica, submissions, version},
    state::AppState,
};

/// Returns the function that adds the routes and their state to the app of one worker thread.
pub fn routes(state: AppState) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static {
    let info = InfoBuilder::new()
        .title("k8s-demo backend")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Responds to submissions, and says which replica of which version did.",
        ));
    let mut api = Api::new(info.build())
        .route(route!(submissions::submit))
        .route(route!(replica::replica))
        .route(route!(version::version));
    if state.faults.is_some() {
        api = api.route(route!(faults::inject));
    }
    move |app| {
        app.app_data(web::Data::new(state.clone()));
        api.configure(app);
    }
}
