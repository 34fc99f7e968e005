//! Where requests are sent, and what must come back.

use serde::Deserialize;
use toml::Spanned;

use super::address::{Port, Url};
use crate::traffic::request::{Request, Response};

/// A way on which requests reach the Deployments.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    /// Its name in the report.
    pub name: Spanned<String>,
    /// `http://host:port`. Without it, the address of the load balancer of `service`.
    pub url: Option<Url>,
    /// A Service. It is also needed to tell which pods are the route's first hop.
    pub service: Option<String>,
    /// The port of the Service, by name or number. Its first one by default.
    pub port: Option<Port>,
    /// What is sent.
    #[serde(default)]
    pub request: Request,
    /// What must come back.
    #[serde(default)]
    pub response: Response,
}
