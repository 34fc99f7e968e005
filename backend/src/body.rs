//! How a submission is read from a request's body.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

use actix_web::{
    HttpMessage, HttpRequest,
    http::header,
    web::{Bytes, BytesMut, Payload},
};
use api::Submission;
use futures_util::StreamExt;
use percent_encoding::percent_decode;

use crate::{connection::Progress, error::Error, limits};

/// The media types of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`, as a browser sends it
    Form,
}

impl MediaType {
    /// The media type of a request's body, by its `Content-Type`.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedMediaType`] when it is another, or none.
    pub fn of(request: &HttpRequest) -> Result<Self, Error> {
        let told = request.content_type();
        let known = [
            ("application/json", Self::Json),
            ("application/x-www-form-urlencoded", Self::Form),
        ];
        let matching = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(told));
        matching
            .map(|(_, media_type)| media_type)
            .ok_or(Error::UnsupportedMediaType)
    }
}

/// Reads a request's body. A handler awaits it itself, not in a task that it spawns: nobody but the connection wakes it.
///
/// # Errors
///
/// [`Error::BodyTooLarge`], where the body's length is told, before any of it is read; [`Error::TooSlow`];
/// [`Error::Malformed`] when the connection ends too early.
pub async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes, Error> {
    let told = request.headers().get(header::CONTENT_LENGTH);
    let told = told.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|length| length > limits::BODY_SIZE) {
        return Err(Error::BodyTooLarge);
    }
    let progress = Progress::of(request);
    // The body comes on the request's connection, which polls the request when more of it has come, and when it is late.
    // Woken by the payload as well, each request would be polled once more than it has anything to do.
    let mut context = Context::from_waker(Waker::noop());
    let mut body = pin!(collect(payload));
    poll_fn(|_| match body.as_mut().poll(&mut context) {
        Poll::Pending if progress.is_body_late() => Poll::Ready(Err(Error::TooSlow)),
        outcome => outcome,
    })
    .await
}

/// As actix-web's `to_bytes_limited`, but for the memory: that one takes room for the longest body at once, which costs as
/// much as parsing a short one.
async fn collect(mut payload: Payload) -> Result<Bytes, Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Error::Malformed(error.to_string()))?;
        if body.len() + chunk.len() > limits::BODY_SIZE {
            return Err(Error::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Parses a body.
///
/// # Errors
///
/// [`Error::Malformed`], with the reason.
pub fn parse(media_type: MediaType, body: &[u8]) -> Result<Submission, Error> {
    match media_type {
        MediaType::Json => parse_json(body),
        MediaType::Form => parse_form(body),
    }
}

fn parse_json(body: &[u8]) -> Result<Submission, Error> {
    // serde would also take an array of the fields' values for the object.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Error::Malformed(
            r#"send an object, such as {"name": "Ada"}"#.to_owned(),
        ));
    }
    serde_json::from_slice(body).map_err(|error| Error::Malformed(error.to_string()))
}

fn parse_form(body: &[u8]) -> Result<Submission, Error> {
    // serde_urlencoded would silently put replacement characters where the text is no UTF-8.
    let utf8 = percent_decode(body).decode_utf8();
    utf8.map_err(|error| Error::Malformed(error.to_string()))?;
    serde_urlencoded::from_bytes(body).map_err(|error| Error::Malformed(error.to_string()))
}
