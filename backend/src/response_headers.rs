//! What every response bears, whoever answered.

use std::{future::Future, rc::Rc};

use actix_web::{
    Error,
    dev::{ResponseHead, Service, ServiceRequest, ServiceResponse},
    http::{
        ConnectionType,
        header::{self, HeaderValue},
    },
    web,
};

use crate::{drain::Drain, request_context::RequestContext, request_id, trace_context};

/// The first layer: it works out the [`RequestContext`], and puts the headers on the response.
pub fn add<S, B>(
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let context = RequestContext::attach(&request);
    let drain = request.app_data::<web::Data<Drain>>().cloned();
    let response = service.call(request);
    async move {
        let mut outcome = response.await;
        let draining = drain.is_some_and(|drain| drain.is_draining());
        match &mut outcome {
            Ok(response) => add_to(response.response_mut().head_mut(), &context, draining),
            Err(error) => {
                let context = Rc::clone(&context);
                error.add_response_mapper(move |mut response| {
                    add_to(response.head_mut(), &context, draining);
                    response
                });
            }
        }
        outcome
    }
}

fn add_to(head: &mut ResponseHead, context: &RequestContext, draining: bool) {
    let headers = head.headers_mut();
    headers.insert(request_id::HEADER, context.id.header_value());
    if let Some(trace) = &context.trace {
        headers.insert(trace_context::HEADER, trace.header_value());
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // So that a kept-alive client opens its next connection elsewhere, before this listener closes.
    if draining {
        head.set_connection_type(ConnectionType::Close);
    }
}
