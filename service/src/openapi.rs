//! Routes that cannot exist without an OpenAPI description, and `GET /openapi.json`, which returns all descriptions
//! ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1)).
//!
//! Method and path of a route are those of its description, the attribute `#[utoipa::path]` of the handler. (The crate
//! `utoipa-actix-web` takes them from actix-web's attributes, whose resources answer other methods with 404 instead of 405.)

use std::sync::{Arc, OnceLock};

use actix_web::{
    FromRequest, Handler, HttpResponse, Responder,
    http::header::ContentType,
    web::{self, ServiceConfig},
};
use problem::Problem;
use utoipa::{
    OpenApi,
    openapi::{Info, OpenApi as Description, PathItem},
};

pub use crate::rejection::responses::{AnyProblem, problem_response};
use crate::{
    admin,
    rejection::Rejection,
    routes::{get, post},
};

/// The path of the description.
pub const PATH: &str = "/openapi.json";

type AddRoute = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// Routes with their description.
#[derive(Clone)]
pub struct Api {
    /// Shared by all worker threads: copying it takes a tenth of the time that the process needs to start.
    description: Arc<Description>,
    routes: Vec<AddRoute>,
}

/// A handler with its description. Created by [`route!`](crate::route).
pub struct Route {
    description: Description,
    add: AddRoute,
}

/// The description as JSON, encoded at the first request.
struct Document {
    description: Arc<Description>,
    json: OnceLock<serde_json::Result<String>>,
}

/// Creates a [`Route`](openapi::Route) from the path of a handler that has the attribute `#[utoipa::path]`.
#[macro_export]
macro_rules! route {
    ($($segment:ident)::+) => {{
        #[derive(::utoipa::OpenApi)]
        #[openapi(paths($($segment)::+))]
        struct Description;
        $crate::openapi::Route::new(<Description as ::utoipa::OpenApi>::openapi(), $($segment)::+)
    }};
}

impl Api {
    /// Creates an API with the endpoints of every service.
    pub fn new(info: Info) -> Self {
        #[derive(OpenApi)]
        #[openapi(paths(admin::healthz, admin::readyz, admin::metrics), components(schemas(Problem)))]
        struct Common;

        let mut description = Common::openapi();
        description.info = info;
        let api = Self {
            description: Arc::new(description),
            routes: Vec::new(),
        };
        api.route(crate::route!(document))
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, Route { description, add }: Route) -> Self {
        Arc::make_mut(&mut self.description).merge(description);
        self.routes.push(add);
        self
    }

    /// Adds the routes and the description to the app of one worker thread.
    pub fn configure(&self, app: &mut ServiceConfig) {
        let document = Document {
            description: self.description.clone(),
            json: OnceLock::new(),
        };
        app.app_data(web::Data::new(document));
        for add in &self.routes {
            add(app);
        }
    }
}

impl Route {
    /// Creates a route from the description of a single operation, GET or POST, and its handler.
    ///
    /// # Panics
    ///
    /// When the description is another one.
    pub fn new<F, Args>(description: Description, handler: F) -> Self
    where
        F: Handler<Args> + Clone + Send + Sync,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let (path, operation) = description.paths.paths.first_key_value().expect("it has a path");
        let path = path.clone();
        let add: AddRoute = match operation {
            PathItem { get: Some(_), .. } => Arc::new(move |app| _ = app.service(get(&path, handler.clone()))),
            PathItem { post: Some(_), .. } => Arc::new(move |app| _ = app.service(post(&path, handler.clone()))),
            _ => panic!("{path} is described with a method other than GET and POST"),
        };
        Self { description, add }
    }
}

/// Answers with the description of all routes.
#[utoipa::path(get, path = PATH, responses(
    (status = 200, description = "The description of all routes.", content_type = "application/json", body = Object),
    AnyProblem,
))]
async fn document(document: web::Data<Document>) -> Result<HttpResponse, Rejection> {
    let json = document.json.get_or_init(|| document.description.to_json());
    let json = json.as_ref().map_err(|error| {
        tracing::error!(%error, "cannot encode the OpenAPI description");
        Rejection::Internal
    })?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(json.clone()))
}
