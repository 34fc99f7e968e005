//! What every response bears, whoever answered.

use std::future::Future;

use actix_web::{
    Error, HttpMessage,
    dev::{ResponseHead, Service, ServiceRequest, ServiceResponse},
    http::{
        ConnectionType,
        header::{self, HeaderValue},
    },
    web,
};

use crate::{
    drain::Drain,
    request_id::{self, RequestId},
};

/// The layer that gives the request its [`RequestId`], and puts the headers on its response.
pub fn add<S, B>(
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let id = RequestId::of(&request);
    let drain = request.app_data::<web::Data<Drain>>().cloned();
    request.extensions_mut().insert(id.clone());
    let response = service.call(request);
    async move {
        let draining = drain.is_some_and(|drain| drain.is_draining());
        match response.await {
            Ok(mut response) => {
                add_to(response.response_mut().head_mut(), &id, draining);
                Ok(response)
            }
            Err(mut error) => {
                error.add_response_mapper(move |mut response| {
                    add_to(response.head_mut(), &id, draining);
                    response
                });
                Err(error)
            }
        }
    }
}

fn add_to(head: &mut ResponseHead, id: &RequestId, draining: bool) {
    let headers = head.headers_mut();
    headers.insert(request_id::HEADER, id.header_value());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // So that a kept-alive client opens its next connection elsewhere, before this listener closes.
    if draining {
        head.set_connection_type(ConnectionType::Close);
    }
}
