//! Where a route leads: a URL, or the port of a Service.

use std::fmt;

use anyhow::{Context, Result, bail};
use hyper::Uri;
use serde::{Deserialize, Deserializer, de::Error};

/// The port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    /// Its number.
    Number(u16),
    /// Its name.
    Name(String),
}

/// An `http://` address. Its path is that of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Host name or address (an IPv6 address without brackets).
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path and query, unless they are just `/`.
    pub path: Option<String>,
}

impl std::str::FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let uri: Uri = text.parse().with_context(|| format!("{text:?} is not a URL"))?;
        match uri.scheme_str() {
            Some("http") => (),
            Some("https") => bail!("{text:?}: https is not supported, give the URL of an http port"),
            _ => bail!("{text:?} is not a URL such as http://localhost:8080"),
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.with_context(|| format!("{text:?} has no host"))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: uri.port_u16().unwrap_or(80),
            path: (path != "/").then(|| path.to_owned()),
        })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_deref().unwrap_or_default();
        match self.host.contains(':') {
            true => write!(formatter, "http://[{}]:{}{path}", self.host, self.port),
            false => write!(formatter, "http://{}:{}{path}", self.host, self.port),
        }
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Port;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the name or the number of a port")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Port, E> {
                Ok(Port::Name(name.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Port, E> {
                u16::try_from(number)
                    .map(Port::Number)
                    .map_err(|_| E::custom(format!("{number} is not a port (1 to 65535)")))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
