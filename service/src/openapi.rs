//! Routes that cannot exist without an OpenAPI description, and `GET /openapi.json`, which returns all descriptions
//! ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1)).
//!
//! Method and path of a route are those of its description, the attribute `#[utoipa::path]` of the handler. (The crate
//! `utoipa-actix-web` takes them from actix-web's attributes, whose resources respond to other methods with 404 instead of 405.)

use std::sync::{Arc, OnceLock};

use actix_web::{
    FromRequest, Handler, HttpResponse, Responder,
    http::{Method, header::ContentType},
    web::{self, ServiceConfig},
};
#[doc(hidden)]
pub use pastey::paste;
use problem::Problem;
use utoipa::{
    OpenApi, Path,
    openapi::{HttpMethod, Info, OpenApi as Description},
};

pub use crate::rejection::responses::{AnyProblem, problem_response};
use crate::{admin, rejection::Rejection, routes::Resource};

/// The path of the description.
pub const PATH: &str = "/openapi.json";

type AddTo = Arc<dyn Fn(Resource) -> Resource + Send + Sync>;

/// Routes with their description, which is built when it is first asked for: a tenth of the process's start would go
/// into it.
#[derive(Clone)]
pub struct Api {
    info: Info,
    routes: Vec<Route>,
}

/// A handler with its description. Created by [`route!`](crate::route).
#[derive(Clone)]
pub struct Route {
    describe: fn() -> Description,
    path: String,
    add_to: AddTo,
}

/// The description as JSON, encoded at the first request.
struct Document {
    api: Api,
    json: OnceLock<serde_json::Result<String>>,
}

/// Creates a [`Route`](crate::openapi::Route) from a handler, or a module and its handler, that has the attribute
/// `#[utoipa::path]`.
#[macro_export]
macro_rules! route {
    ($handler:ident) => {
        $crate::route!(self::$handler)
    };
    ($module:tt::$handler:ident) => {{
        #[derive(::utoipa::OpenApi)]
        #[openapi(paths($module::$handler))]
        struct Description;
        // `__path_HANDLER` is the type that `#[utoipa::path]` generates for a handler.
        $crate::openapi::paste! {
            $crate::openapi::Route::new::<$module::[<__path_ $handler>], _, _>(
                $module::$handler,
                <Description as ::utoipa::OpenApi>::openapi,
            )
        }
    }};
}

impl Api {
    /// Creates an API with the endpoints of every service.
    pub fn new(info: Info) -> Self {
        let api = Self {
            info,
            routes: Vec::new(),
        };
        api.route(crate::route!(document))
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Adds the routes and the description to the app of one worker thread.
    pub fn configure(&self, app: &mut ServiceConfig) {
        let document = Document {
            api: self.clone(),
            json: OnceLock::new(),
        };
        app.app_data(web::Data::new(document));
        // All methods of a path are one resource, which knows what it does not support.
        let mut resources: Vec<(&str, Resource)> = Vec::new();
        for Route { path, add_to, .. } in &self.routes {
            let position = resources.iter().position(|(other, _)| other == path);
            let resource = position.map_or_else(|| Resource::new(path), |position| resources.remove(position).1);
            resources.push((path, add_to(resource)));
        }
        for (_, resource) in resources {
            app.service(resource);
        }
    }

    fn description(&self) -> Description {
        #[derive(OpenApi)]
        #[openapi(paths(admin::healthz, admin::readyz, admin::metrics), components(schemas(Problem)))]
        struct Common;

        let mut description = Common::openapi();
        description.info = self.info.clone();
        for route in &self.routes {
            description.merge((route.describe)());
        }
        description
    }
}

impl Route {
    /// Creates a route from a handler, its description as `#[utoipa::path]` generates it, and the function that returns that.
    pub fn new<P, F, Args>(handler: F, describe: fn() -> Description) -> Self
    where
        P: Path,
        F: Handler<Args> + Clone + Send + Sync,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let add_to = move |resource| {
            P::methods()
                .iter()
                .fold(resource, |resource: Resource, method| match method {
                    HttpMethod::Get => resource.get(handler.clone()),
                    HttpMethod::Post => resource.post(handler.clone()),
                    HttpMethod::Put => resource.method(Method::PUT, handler.clone()),
                    HttpMethod::Patch => resource.method(Method::PATCH, handler.clone()),
                    HttpMethod::Delete => resource.method(Method::DELETE, handler.clone()),
                    HttpMethod::Options => resource.method(Method::OPTIONS, handler.clone()),
                    HttpMethod::Head => resource.method(Method::HEAD, handler.clone()),
                    HttpMethod::Trace => resource.method(Method::TRACE, handler.clone()),
                })
        };
        Self {
            describe,
            path: P::path(),
            add_to: Arc::new(add_to),
        }
    }
}

/// Returns the description of all routes.
#[utoipa::path(get, path = PATH, responses(
    (status = 200, description = "The description of all routes.", content_type = "application/json", body = Object),
    AnyProblem,
))]
async fn document(document: web::Data<Document>) -> Result<HttpResponse, Rejection> {
    let json = document.json.get_or_init(|| document.api.description().to_json());
    let json = json.as_ref().map_err(|error| {
        tracing::error!(%error, "cannot encode the OpenAPI description");
        Rejection::Internal
    })?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(json.clone()))
}
