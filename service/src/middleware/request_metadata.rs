//! What the layer around every handler wants to know of a request, from its head, and which request a thread is at.

use std::{future::Future, rc::Rc};

use actix_web::{HttpMessage, dev::ServiceRequest, http::Method};
use tokio::task::futures::TaskLocalFuture;

use super::{request_id::RequestId, trace_context::TraceContext};

/// What stands for the route of a path that no handler answers.
const UNMATCHED: &str = "unmatched";

/// What stands for a method that no standard defines.
const OTHER: &str = "OTHER";

tokio::task_local! {
    static CURRENT: Rc<RequestMetadata>;
}

/// What the layer wants to know of a request. Nothing in it is as the client wrote it, so all of it may be logged.
#[derive(Debug)]
pub struct RequestMetadata {
    /// The id by which the response and its log lines are found again.
    pub id: RequestId,
    /// The trace that it is a part of, where the caller sent one, or spans are exported.
    pub trace: Option<TraceContext>,
    /// The method, or `OTHER`.
    pub method: &'static str,
    /// The template of the path that matched. Clients cannot make up new ones, so it may be a label of a metric.
    pub route: String,
}

impl RequestMetadata {
    /// The context of a request: the one that is kept with it, if one is.
    pub fn of(request: &ServiceRequest) -> Rc<Self> {
        let kept = request.extensions().get().cloned();
        kept.unwrap_or_else(|| Rc::new(Self::new(request)))
    }

    /// Keeps the context with its request.
    pub fn keep(self, request: &ServiceRequest) {
        request.extensions_mut().insert(Rc::new(self));
    }

    /// A new context of a request.
    pub fn new(request: &ServiceRequest) -> Self {
        Self {
            id: RequestId::of(request),
            trace: TraceContext::of(request),
            method: known(request.method()),
            route: request.match_pattern().unwrap_or_else(|| UNMATCHED.to_owned()),
        }
    }

    /// The context of a request of which nothing is known.
    pub fn unknown() -> Self {
        Self {
            id: RequestId::random(),
            trace: None,
            method: OTHER,
            route: UNMATCHED.to_owned(),
        }
    }

    /// Shows the context of the request that is being answered here, where one is.
    pub fn with_current(show: impl FnOnce(&Self)) {
        // It fails where none is.
        let _ = CURRENT.try_with(|current| show(current));
    }

    /// Calls `act` as a part of answering this request.
    pub fn enter<T>(self: &Rc<Self>, act: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), act)
    }

    /// Calls `handle`, and polls what it returns, as parts of answering this request.
    pub fn scope<F: Future>(self: &Rc<Self>, handle: impl FnOnce() -> F) -> TaskLocalFuture<Rc<Self>, F> {
        let answer = self.enter(handle);
        CURRENT.scope(self.clone(), answer)
    }
}

/// The methods of RFC 9110 and RFC 5789. Others are anything that a client makes up.
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
