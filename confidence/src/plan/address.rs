//! Where a route leads: a URL, or the port of a Service.

use std::fmt;

use anyhow::{Context, Result, bail};
use hyper::Uri;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected the name or the number (1 to 65535) of a port")]
pub enum Port {
    Number(u16),
    Name(String),
}

/// Whether requests are encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    #[default]
    Http,
    Https,
}

/// An address. Its path is that of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    pub scheme: Scheme,
    /// Host name or address (an IPv6 address without brackets).
    pub host: String,
    pub port: u16,
    /// Path and query, unless they are just `/`.
    pub path: Option<String>,
}

impl Url {
    pub fn new(scheme: Scheme, host: String, port: u16) -> Self {
        Self {
            scheme,
            host,
            port,
            path: None,
        }
    }

    /// Returns host and port, as in a `host` header: without the port if it is that of the scheme.
    pub fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match self.port == self.scheme.port() {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }
}

impl Scheme {
    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl std::str::FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let uri: Uri = text.parse().with_context(|| format!("{text:?} is not a URL"))?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            _ => bail!("{text:?} is not a URL such as http://localhost:8080"),
        };
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.with_context(|| format!("{text:?} has no host"))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            scheme,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: uri.port_u16().unwrap_or(scheme.port()),
            path: (path != "/").then(|| path.to_owned()),
        })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_deref().unwrap_or_default();
        write!(formatter, "{}://{}{path}", self.scheme.name(), self.authority())
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_have_an_ipv6_address() {
        let url: Url = "http://[fd00::1]:8080/a?b".parse().unwrap();
        assert_eq!((url.host.as_str(), url.port), ("fd00::1", 8080));
        assert_eq!(url.to_string(), "http://[fd00::1]:8080/a?b");
        assert!("shop.example.com".parse::<Url>().is_err());
        assert!("http://".parse::<Url>().is_err());
        let url: Url = "https://shop.example.com".parse().unwrap();
        assert_eq!((url.port, url.authority().as_str()), (443, "shop.example.com"));
    }
}
