//! Serves and sends HTTP/1.1 requests, on hyper.

use std::{convert::Infallible, error::Error, net::SocketAddr, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client, header, server,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// A body in memory: those of this application are small.
pub type Body = Full<Bytes>;

/// The pause before the next connection is accepted when that failed, because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Serves the connections of a listener until the future is dropped.
pub async fn serve<F>(listener: TcpListener, respond: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static)
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let respond = respond.clone();
        let service = service_fn(move |request| {
            let response = respond(request);
            async { Ok::<_, Infallible>(response.await) }
        });
        let connection = server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

/// Requests a path, and returns the status of the response, if there is one.
pub async fn status(server: SocketAddr, path: &str) -> Option<StatusCode> {
    let request = Request::get(path)
        .header(header::HOST, "localhost")
        .body(Body::default());
    let response = send(server, request.ok()?).await.ok()?;
    Some(response.status())
}

/// Sends a request on a connection of its own, and returns the complete response.
///
/// A kept-alive connection might be closing when the request is sent on it; a new one is not.
///
/// # Errors
///
/// When the server cannot be reached, or closes the connection before the response is complete.
pub async fn send(server: SocketAddr, request: Request<Body>) -> Result<Response<Body>, Box<dyn Error + Send + Sync>> {
    Ok(send_on(TcpStream::connect(server).await?, request).await?)
}

/// The same on a new connection to the server.
///
/// # Errors
///
/// When the server closes the connection before the response is complete.
pub async fn send_on(stream: TcpStream, mut request: Request<Body>) -> hyper::Result<Response<Body>> {
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    // This header is about the connection that the request came on, as the response's is about this one.
    request.headers_mut().remove(header::CONNECTION);
    let (mut parts, body) = sender.send_request(request).await?.into_parts();
    parts.headers.remove(header::CONNECTION);
    Ok(Response::from_parts(parts, Full::new(body.collect().await?.to_bytes())))
}
