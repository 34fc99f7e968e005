//! Parses the body of a submission.

use actix_web::{HttpMessage, HttpRequest};
use api::Submission;
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;
use service::Rejection;

use crate::error::Error;

/// The media types of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`, as a browser sends a form
    Form,
}

impl MediaType {
    /// Returns the media type of a request's body, from its `Content-Type`.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedMediaType`] when it is another one or missing.
    pub fn from_request(request: &HttpRequest) -> Result<Self, Error> {
        let content_type = request.content_type();
        if content_type.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else if content_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Self::Form)
        } else {
            Err(Error::UnsupportedMediaType)
        }
    }
}

/// Parses a body.
///
/// # Errors
///
/// [`Rejection::MalformedBody`], with the reason.
pub fn parse(media_type: MediaType, body: &[u8]) -> Result<Submission, Rejection> {
    match media_type {
        MediaType::Json => parse_json(body),
        MediaType::Form => parse_form(body),
    }
}

/// Parses a JSON object.
///
/// # Errors
///
/// [`Rejection::MalformedBody`], with the reason.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rejection> {
    if let Some(encoding) = other_encoding(body) {
        let detail = format!("it is encoded as {encoding}; send UTF-8 without a byte order mark");
        return Err(Rejection::MalformedBody(detail));
    }
    // serde would also accept an array of the fields' values.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Rejection::MalformedBody("send a JSON object".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| Rejection::MalformedBody(error.to_string()))
}

/// Returns the encoding of a text that starts with a byte order mark, or has zero bytes as ASCII in UTF-16 and UTF-32 has.
/// JSON is sent as UTF-8 without a mark (RFC 8259, section 8.1).
fn other_encoding(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xef, 0xbb, 0xbf, ..] => Some("UTF-8 with a byte order mark"),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [_, 0, 0, 0, ..] | [0, 0, 0, _, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..] => Some("UTF-16"),
        _ => None,
    }
}

fn parse_form(body: &[u8]) -> Result<Submission, Rejection> {
    // serde_urlencoded would silently replace invalid UTF-8.
    let utf8 = percent_decode(body).decode_utf8();
    utf8.map_err(|error| Rejection::MalformedBody(error.to_string()))?;
    serde_urlencoded::from_bytes(body).map_err(|error| Rejection::MalformedBody(error.to_string()))
}
