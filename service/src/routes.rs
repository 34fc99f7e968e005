//! Resources that reject what they do not support with a problem document.

use actix_web::{
    FromRequest, Handler, Responder,
    dev::{AppService, HttpServiceFactory},
    http::Method,
    web,
};

use crate::rejection::Rejection;

/// A path with a handler for each supported method. Other methods get 405 and the header `Allow`.
///
/// ```
/// use actix_kube_service::routes::{Resource, get};
///
/// fn routes(app: &mut actix_web::web::ServiceConfig) {
///     app.service(get("/hello", async || "Hello!"));
///     app.service(Resource::new("/items").get(async || "all").post(async || "created"));
/// }
/// ```
pub struct Resource {
    resource: actix_web::Resource,
    methods: Vec<Method>,
}

/// Creates a resource that supports GET and HEAD: the same as `Resource::new(path).get(handler)`.
pub fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Resource::new(path).get(handler)
}

/// Creates a resource that supports POST: the same as `Resource::new(path).post(handler)`.
pub fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Resource::new(path).post(handler)
}

impl Resource {
    /// Creates a resource that supports no method yet. The path may have parameters, as in `/hello/{name}`.
    pub fn new(path: &str) -> Self {
        Self {
            resource: web::resource(path),
            methods: Vec::new(),
        }
    }

    /// Adds GET, and HEAD as RFC 9110 demands wherever GET is supported.
    #[must_use]
    pub fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args> + Clone,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::GET, handler.clone()).method(Method::HEAD, handler)
    }

    /// Adds POST.
    #[must_use]
    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::POST, handler)
    }

    /// Adds another method, such as PUT, PATCH or DELETE.
    #[must_use]
    pub fn method<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.resource = self.resource.route(web::method(method.clone()).to(handler));
        self.methods.push(method);
        self
    }
}

impl HttpServiceFactory for Resource {
    fn register(self, config: &mut AppService) {
        let allow: Vec<_> = self.methods.iter().map(Method::as_str).collect();
        let allow = allow.join(", ");
        let reject = move || {
            let allow = allow.clone();
            async { Err::<&str, _>(Rejection::MethodNotAllowed { allow }) }
        };
        self.resource.default_service(web::to(reject)).register(config);
    }
}

/// Rejects a request that matches no route.
pub(crate) async fn not_found() -> Result<&'static str, Rejection> {
    Err(Rejection::NotFound)
}
