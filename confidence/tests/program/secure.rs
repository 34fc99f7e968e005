//! Requests over TLS, with HTTP/1.1 and HTTP/2.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use confidence::{
    plan::run::HttpVersion,
    traffic::{
        client::{Client, Target},
        outcome::{LossKind, Outcome},
        request::{Request, Response},
        statistics::SharedStatistics,
        tls::TlsSettings,
    },
};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::CertifiedKey;
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{net::TcpListener, sync::Semaphore, time::Instant};
use tokio_rustls::TlsAcceptor;

/// What the server does after the first request of a connection.
#[derive(Clone, Copy)]
enum Then {
    Serve,
    /// Announces by GOAWAY that it closes.
    GoAway,
    /// Closes the connection without a response.
    Abort,
}

/// Starts a server that chooses one of these protocols. Returns its address and its certificate.
async fn start(protocols: &[&str], then: Then) -> (SocketAddr, String) {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Some clients do not like the certificate.
                if let Ok(stream) = acceptor.accept(stream).await {
                    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    serve(TokioIo::new(stream), is_http2, then).await;
                }
            });
        }
    });
    (address, cert.pem())
}

async fn serve(stream: TokioIo<tokio_rustls::server::TlsStream<tokio::net::TcpStream>>, is_http2: bool, then: Then) {
    let asked = Arc::new(Semaphore::new(0));
    let seen = asked.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        seen.add_permits(1);
        async move {
            if let Then::Abort = then {
                std::future::pending::<()>().await;
            }
            let text = format!("{:?} {}", request.version(), request.uri().path());
            Ok::<_, Infallible>(hyper::Response::new(Full::<Bytes>::from(text)))
        }
    });
    if !is_http2 {
        return drop(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(stream, service)
                .await,
        );
    }
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        asked = asked.acquire() => drop(asked),
    }
    match then {
        Then::Serve => drop(connection.await),
        Then::Abort => (),
        Then::GoAway => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}

fn client(address: SocketAddr, tls: TlsSettings, http: Option<HttpVersion>) -> (Arc<Client>, SharedStatistics) {
    let target = Target {
        url: format!("https://localhost:{}", address.port()).parse().unwrap(),
        tls,
        http,
        request: Request {
            path: "/health".to_owned(),
            ..Request::default()
        },
        response: Response {
            contains: Some("/health".to_owned()),
            ..Response::default()
        },
        connections: 1,
        timeout: std::time::Duration::from_secs(30),
    };
    let statistics = SharedStatistics::new(Instant::now());
    (Client::new(target, statistics.clone()).unwrap(), statistics)
}

fn trusting(ca: String) -> TlsSettings {
    TlsSettings {
        ca: Some(ca),
        is_insecure: false,
    }
}

/// Sends two requests on a kept-alive connection, and one on a new one. Returns what became of each.
async fn send(client: &Client) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        outcomes.push(client.send(Instant::now()).await);
    }
    outcomes
}

fn lost(outcome: &Outcome) -> LossKind {
    match outcome {
        Outcome::Lost(loss) => loss.kind,
        Outcome::Responded(origin) => panic!("responded: {origin:?}"),
    }
}

#[tokio::test]
async fn the_server_chooses_the_version_of_http_unless_there_is_one() {
    for (protocols, wanted) in [
        (&["h2", "http/1.1"][..], None),
        (&["http/1.1"], None),
        (&["h2", "http/1.1"], Some(HttpVersion::Http1)),
        (&["h2", "http/1.1"], Some(HttpVersion::Http2)),
    ] {
        let (address, ca) = start(protocols, Then::Serve).await;
        let (client, _) = client(address, trusting(ca), wanted);
        let outcomes = send(&client).await;
        assert!(
            outcomes.iter().all(|outcome| matches!(outcome, Outcome::Responded(_))),
            "{outcomes:?}"
        );
    }
}

#[tokio::test]
async fn an_unknown_certificate_is_rejected_unless_it_is_not_checked() {
    let (address, _) = start(&["h2"], Then::Serve).await;
    let (strict, _) = client(address, TlsSettings::default(), None);
    assert_eq!(lost(&send(&strict).await[0]), LossKind::TlsFailed);
    let insecure = TlsSettings {
        ca: None,
        is_insecure: true,
    };
    let (insecure, _) = client(address, insecure, None);
    assert!(matches!(send(&insecure).await[0], Outcome::Responded(_)));
}

#[tokio::test]
async fn a_connection_that_is_closed_by_goaway_is_closed_with_notice_and_loses_nothing() {
    let (address, ca) = start(&["h2"], Then::GoAway).await;
    let (client, statistics) = client(address, trusting(ca), None);
    for _ in 0..6 {
        client.submit(Instant::now()).await;
    }
    statistics.with(|seen| {
        assert_eq!(
            (seen.responded(), seen.lost(), seen.closed_without_notice.len()),
            (6, 0, 0)
        );
    });
}

#[tokio::test]
async fn a_connection_that_ends_within_a_request_loses_it() {
    let (address, ca) = start(&["h2"], Then::Abort).await;
    let (client, _) = client(address, trusting(ca), None);
    assert_eq!(lost(&send(&client).await[0]), LossKind::ResetBeforeResponse);
}
