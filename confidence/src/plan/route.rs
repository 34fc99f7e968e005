//! Where requests are sent, and what must come back.

use serde::Deserialize;
use toml::Spanned;

use super::address::{Port, Scheme, Url};
use crate::traffic::request::{Request, Response};

/// A way on which requests reach the workloads.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    pub name: Spanned<String>,
    /// `http://host:port` or `https://host:port`. Without it, the address of the load balancer of `service`.
    pub url: Option<Url>,
    /// A Service. It is also needed to tell which pods are the route's first hop.
    pub service: Option<String>,
    /// The port of the Service, by name or number. Its first one by default.
    pub port: Option<Port>,
    /// Whether requests to the Service are encrypted.
    #[serde(default)]
    pub scheme: Scheme,
    #[serde(default)]
    pub request: Request,
    #[serde(default)]
    pub response: Response,
}

impl Route {
    pub fn to(url: Url) -> Self {
        let mut route = Self {
            name: Spanned::new(0..0, url.to_string()),
            url: None,
            service: None,
            port: None,
            scheme: url.scheme,
            request: Request::default(),
            response: Response::default(),
        };
        route.set_url(url);
        route
    }

    /// Sends the route's requests to this URL: to its path too, if it has one.
    pub fn set_url(&mut self, url: Url) {
        if let Some(path) = &url.path {
            self.request.path.clone_from(path);
        }
        self.url = Some(url);
    }
}
