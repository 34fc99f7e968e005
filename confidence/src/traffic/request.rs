//! What is sent on a route, and what a response must contain.

use std::collections::BTreeMap;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, StatusCode,
    header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::{
    field::Field,
    outcome::{LossKind, Origin},
};
use crate::plan::address::Url;

/// Stands for the token of a request in its path, header values and body, and in what the response must contain.
pub const TOKEN: &str = "{token}";

/// A request, with `{token}` wherever the unique token of each one goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    #[serde(deserialize_with = "method")]
    pub method: String,
    /// The path and query, such as `/api/submissions`.
    #[serde(deserialize_with = "path")]
    pub path: String,
    /// Headers beside `host`, `user-agent` and `content-length`.
    #[serde(deserialize_with = "headers")]
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: Method::GET.to_string(),
            path: "/".to_owned(),
            headers: BTreeMap::new(),
            body: String::new(),
        }
    }
}

impl Request {
    /// Returns the request with this token. `authority` is the value of its `host` header.
    pub fn build(
        &self,
        url: &Url,
        authority: &HeaderValue,
        token: &str,
        keep_alive: bool,
    ) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
        let fill = |text: &str| text.replace(TOKEN, token);
        let mut request = hyper::Request::builder()
            .method(self.method.as_str())
            .uri(
                Url {
                    path: Some(fill(&self.path)),
                    ..url.clone()
                }
                .to_string(),
            )
            .header(HOST, authority)
            .header(USER_AGENT, concat!("kubectl-confidence/", env!("CARGO_PKG_VERSION")));
        if !keep_alive {
            request = request.header(CONNECTION, "close");
        }
        for (name, value) in &self.headers {
            request = request.header(name, fill(value));
        }
        request.body(Full::new(Bytes::from(fill(&self.body))))
    }
}

/// What the right response to a request is, and where it names its pod.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Response {
    #[serde(deserialize_with = "status")]
    pub status: u16,
    /// Text that the body contains. `{token}` is the token of the request: the response is to this very one.
    pub contains: Option<String>,
    /// Where the response names the pod that responded.
    pub pod: Option<Field>,
    pub version: Option<Field>,
    /// Where it names the pod of a proxy in between.
    pub proxy: Option<Field>,
    /// Present and not empty if a proxy sent the request to more than one pod.
    pub retried: Option<Field>,
}

impl Default for Response {
    fn default() -> Self {
        Self {
            status: 200,
            contains: None,
            pod: None,
            version: None,
            proxy: None,
            retried: None,
        }
    }
}

impl Response {
    /// Returns what a response says, or why it is the wrong one.
    pub fn check(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        token: &str,
    ) -> Result<Origin, (LossKind, String)> {
        if status.as_u16() != self.status {
            return Err((LossKind::WrongStatus, status.to_string()));
        }
        if let Some(text) = &self.contains {
            let text = text.replace(TOKEN, token);
            if !contains(body, text.as_bytes()) {
                let detail = match self.contains.as_deref().is_some_and(|text| text.contains(TOKEN)) {
                    true => "the body does not contain the token of the request".to_owned(),
                    false => format!("the body does not contain {text:?}"),
                };
                return Err((LossKind::WrongContent, detail));
            }
        }
        let fields = [&self.pod, &self.version, &self.proxy, &self.retried];
        let json = fields
            .iter()
            .any(|field| field.as_ref().is_some_and(Field::is_in_body))
            .then(|| serde_json::from_slice(body))
            .transpose()
            .map_err(|_| (LossKind::WrongContent, "the body is not JSON".to_owned()))?;
        let value = |field: &Option<Field>| Some(field.as_ref()?.read(headers, json.as_ref()));
        let required = |field: &Option<Field>| match value(field) {
            Some(None) => {
                let name = field.as_ref().map(Field::as_ref).unwrap_or_default();
                Err((LossKind::WrongContent, format!("the response has no {name}")))
            }
            found => Ok(found.flatten()),
        };
        Ok(Origin {
            pod: required(&self.pod)?,
            version: required(&self.version)?,
            proxy: required(&self.proxy)?,
            retried: value(&self.retried).flatten().is_some(),
        })
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_valid = text.parse::<Method>().is_ok();
    is_valid
        .then_some(text.clone())
        .ok_or_else(|| D::Error::custom(format!("{text:?} is not an HTTP method")))
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_valid = text.starts_with('/') && text.replace(TOKEN, "0").parse::<hyper::Uri>().is_ok();
    is_valid
        .then_some(text.clone())
        .ok_or_else(|| D::Error::custom(format!("{text:?} is not a path: it must start with \"/\"")))
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let code = u16::deserialize(deserializer)?;
    let is_valid = StatusCode::from_u16(code).is_ok();
    is_valid
        .then_some(code)
        .ok_or_else(|| D::Error::custom(format!("{code} is not an HTTP status (100 to 999)")))
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let headers = BTreeMap::<String, String>::deserialize(deserializer)?;
    for (name, value) in &headers {
        HeaderValue::from_str(value)
            .map_err(|_| D::Error::custom(format!("{value:?} is not a valid value of a header")))?;
        name.parse::<HeaderName>()
            .map_err(|_| D::Error::custom(format!("{name:?} is not a valid header name")))?;
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(response: &Response, body: &str) -> Result<Origin, (LossKind, String)> {
        response.check(StatusCode::OK, &HeaderMap::new(), body.as_bytes(), "t-1")
    }

    #[test]
    fn a_token_is_filled_in_everywhere() {
        let request = Request {
            method: "POST".to_owned(),
            path: "/a?t={token}".to_owned(),
            headers: [("x-id".to_owned(), "id {token}".to_owned())].into(),
            body: "{\"name\": \"{token}\"}".to_owned(),
        };
        let built = request
            .build(
                &"http://h:1".parse().unwrap(),
                &HeaderValue::from_static("h:1"),
                "t-1",
                true,
            )
            .unwrap();
        assert_eq!(built.uri(), "http://h:1/a?t=t-1");
        assert_eq!(built.headers()["x-id"], "id t-1");
        assert!(!built.headers().contains_key(CONNECTION));
    }

    #[test]
    fn a_pod_is_read_from_the_body_or_from_a_header() {
        let response = Response {
            pod: Some(Field::try_from("/a/pod".to_owned()).unwrap()),
            version: Some(Field::try_from("header:x-version".to_owned()).unwrap()),
            ..Response::default()
        };
        let mut headers = HeaderMap::new();
        headers.insert("x-version", HeaderValue::from_static("v1"));
        let origin = response
            .check(StatusCode::OK, &headers, br#"{"a": {"pod": "p-1"}}"#, "")
            .unwrap();
        assert_eq!(
            (origin.pod.as_deref(), origin.version.as_deref()),
            (Some("p-1"), Some("v1"))
        );
        assert_eq!(
            check(&response, "{}"),
            Err((LossKind::WrongContent, "the response has no /a/pod".to_owned()))
        );
    }

    #[test]
    fn a_response_to_another_request_is_wrong() {
        let response = Response {
            contains: Some("Hello, {token}".to_owned()),
            ..Response::default()
        };
        assert!(check(&response, "Hello, t-1!").is_ok());
        assert_eq!(check(&response, "Hello, t-2!").unwrap_err().0, LossKind::WrongContent);
    }
}
