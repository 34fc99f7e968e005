//! The metadata of a request, taken from its head, and the request that the current task handles.

use std::{future::Future, iter, rc::Rc};

use actix_web::{HttpMessage, dev::ServiceRequest, http::Method};
use tokio::task::futures::TaskLocalFuture;

use super::{request_id::RequestId, trace_context::TraceContext};

/// The route of a path that matches none.
const UNMATCHED: &str = "unmatched";

/// The method where no standard defines it.
const OTHER: &str = "OTHER";

tokio::task_local! {
    static CURRENT: Rc<RequestMetadata>;
}

/// The metadata of a request. No part is arbitrary text from the client, so that all of it may be logged.
#[derive(Debug)]
pub struct RequestMetadata {
    /// The id in the response and in its log lines.
    pub id: RequestId,
    /// The trace of the request, if the caller sent one or spans are exported.
    pub trace: Option<TraceContext>,
    /// The method, or `OTHER`.
    pub method: &'static str,
    /// The pattern of the matched route. Clients cannot invent new ones, so that it may be a label of a metric.
    pub route: String,
}

impl RequestMetadata {
    /// Returns the metadata stored in a request, or creates it.
    pub fn from_request(request: &ServiceRequest) -> Rc<Self> {
        let stored = request.extensions().get().cloned();
        stored.unwrap_or_else(|| Rc::new(Self::new(request)))
    }

    /// Stores the metadata in its request.
    #[cfg(feature = "otlp")]
    pub fn store(self, request: &ServiceRequest) {
        request.extensions_mut().insert(Rc::new(self));
    }

    /// Creates the metadata of a request.
    pub fn new(request: &ServiceRequest) -> Self {
        Self {
            id: RequestId::from_request(request),
            trace: TraceContext::from_request(request),
            method: known(request.method()),
            route: request.match_pattern().unwrap_or_else(|| UNMATCHED.to_owned()),
        }
    }

    /// Creates the metadata of a request whose head is incomplete.
    pub fn unknown() -> Self {
        Self {
            id: RequestId::random(),
            trace: None,
            method: OTHER,
            route: UNMATCHED.to_owned(),
        }
    }

    /// Calls `read` with the metadata of the request that the current task handles, and returns the result, or `None` outside
    /// of a request.
    pub fn with_current<T>(read: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.try_with(|current| read(current)).ok()
    }

    /// Returns the ids by which a log line names its request: their names and values, none of which has to be escaped.
    pub fn ids(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let trace = self.trace.iter();
        let trace = trace.flat_map(|trace| [("trace_id", trace.trace_id()), ("span_id", trace.span_id())]);
        iter::once(("request_id", self.id.as_str())).chain(trace)
    }

    /// Calls `act` as a part of handling this request.
    pub fn enter<T>(self: &Rc<Self>, act: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), act)
    }

    /// Calls `handle` and polls the returned future as parts of handling this request.
    pub fn scope<F: Future>(self: &Rc<Self>, handle: impl FnOnce() -> F) -> TaskLocalFuture<Rc<Self>, F> {
        let response = self.enter(handle);
        CURRENT.scope(self.clone(), response)
    }
}

/// Returns a method of RFC 9110 or RFC 5789 as it is, and `OTHER` for any other.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "CONNECT" => "CONNECT",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        "PATCH" => "PATCH",
        _ => OTHER,
    }
}
