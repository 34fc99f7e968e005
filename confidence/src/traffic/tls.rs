//! TLS: the certificate authorities of this system, others, or no check at all.

use std::{io, sync::Arc};

use anyhow::{Context, Result, ensure};
use hyper::Uri;
use kube::client::ConfigExt;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::plan::run::HttpVersion;

/// How the certificate of a server is checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TlsSettings {
    /// Certificates of authorities beside those of this system, in PEM.
    pub ca: Option<String>,
    /// It is not checked.
    pub is_insecure: bool,
}

/// How connections to servers are encrypted.
#[derive(Clone)]
pub struct Tls(TlsConnector);

impl Tls {
    /// Returns a client of servers. The server chooses the version of HTTP, unless there is one.
    pub fn new(settings: &TlsSettings, version: Option<HttpVersion>) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = &settings.ca {
            let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
            let (added, _) =
                roots.add_parsable_certificates(certificates.context("cannot read the certificates of --ca")?);
            ensure!(added > 0, "the file of --ca has no certificate of an authority");
        }
        let mut config = if settings.is_insecure {
            // kube has what accepts any certificate.
            let mut config = kube::Config::new(Uri::default());
            (config.accept_invalid_certs, config.root_cert) = (true, Some(Vec::new()));
            config.rustls_client_config()?
        } else {
            ClientConfig::builder_with_provider(ring::default_provider().into())
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots)
                .with_no_client_auth()
        };
        // A session that is resumed on another pod says nothing about new clients.
        config.resumption = rustls::client::Resumption::disabled();
        let protocols: &[&[u8]] = match version {
            None => &[b"h2", b"http/1.1"],
            Some(HttpVersion::Http1) => &[b"http/1.1"],
            Some(HttpVersion::Http2) => &[b"h2"],
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Self(Arc::new(config).into()))
    }

    /// Makes the handshake with the server of this name or address.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        self.0.connect(name, stream).await
    }
}
