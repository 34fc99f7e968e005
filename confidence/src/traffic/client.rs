//! Sends the requests of one route.

use std::{
    io,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HeaderValue;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, interval, timeout_at};

use super::{
    connection::{Connection, ExchangeError},
    outcome::{ConnectionKind, Loss, LossKind, Origin, Outcome},
    request::{Request, Response},
    resolver::Resolver,
    statistics::{Observation, SharedStatistics},
    tls::{Tls, TlsSettings},
};
use crate::plan::{
    address::{Scheme, Url},
    run::HttpVersion,
};

/// Idle connections are closed after this time. It is below the keep-alive time of any server: a server may close a
/// connection that has been idle for the whole keep-alive time, and a request on its way there is an expected loss.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often idle connections are looked at.
const SWEEP_INTERVAL: Duration = Duration::from_millis(250);

/// Where and how requests are sent on one route.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    pub url: Url,
    /// How the certificate of an https server is checked.
    pub tls: TlsSettings,
    /// The version of HTTP. Servers with TLS choose it, and others get HTTP/1.1, if there is none.
    pub http: Option<HttpVersion>,
    pub request: Request,
    pub response: Response,
    /// Connections that are kept alive. With 0, each request is sent on a new connection.
    pub connections: u32,
    /// How long a response may take, counted from the time at which the request is due.
    pub timeout: Duration,
}

/// Sends every other request on a kept-alive connection, if the target has any, and the rest on a new connection each.
///
/// It never sends a request twice. Where a request was *retried*, a proxy did it.
pub struct Client {
    target: Target,
    authority: HeaderValue,
    tls: Option<Tls>,
    resolver: Resolver,
    /// One idle connection each. Used in turn, so that a steady rate reaches every pod that a connection leads to.
    slots: Vec<Mutex<Option<Connection>>>,
    /// Distinguishes the tokens of this run from those of another.
    run: u64,
    sent: AtomicU64,
    statistics: SharedStatistics,
}

impl Client {
    /// Returns a client that counts into `statistics`. Call it within a Tokio runtime.
    pub fn new(target: Target, statistics: SharedStatistics) -> Result<Arc<Self>> {
        let tls = match target.url.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(Tls::new(&target.tls, target.http)?),
        };
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let client = Arc::new(Self {
            tls,
            authority: HeaderValue::from_str(&target.url.authority())?,
            resolver: Resolver::new(&target.url.host, target.url.port),
            slots: (0..target.connections).map(|_| Mutex::new(None)).collect(),
            run: since_1970.as_millis() as u64 & 0xff_ffff,
            sent: AtomicU64::new(0),
            statistics,
            target,
        });
        tokio::spawn(close_idle_connections(Arc::downgrade(&client)));
        Ok(client)
    }

    /// Sends one request, counts it, and counts what became of it. `due` is when it should have been sent.
    pub async fn submit(&self, due: Instant) {
        self.statistics.record(Observation::Sent);
        let outcome = self.send(due).await;
        let (due, at) = (
            self.statistics.since_start(due),
            self.statistics.since_start(Instant::now()),
        );
        self.statistics.record(Observation::Outcome { outcome, due, at });
    }

    /// Sends one request and checks its response.
    pub async fn send(&self, due: Instant) -> Outcome {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let token = format!("{:06x}-{number:07}", self.run);
        let slot = (number.is_multiple_of(2) && !self.slots.is_empty())
            .then(|| &self.slots[(number / 2 % self.slots.len() as u64) as usize]);
        let mut connection = ConnectionKind::New;
        let exchanged = timeout_at(due + self.target.timeout, self.exchange(slot, &token, &mut connection)).await;
        let (kind, detail) = match exchanged {
            Ok(Ok(response)) => return Outcome::Responded(response),
            Ok(Err(lost)) => lost,
            Err(_) => (LossKind::TimedOut, format!("after {:?}", self.target.timeout)),
        };
        Outcome::Lost(Loss {
            kind,
            connection,
            detail,
        })
    }

    async fn exchange(
        &self,
        slot: Option<&Mutex<Option<Connection>>>,
        token: &str,
        kind: &mut ConnectionKind,
    ) -> Result<Origin, (LossKind, String)> {
        let request = self
            .target
            .request
            .build(&self.target.url, &self.authority, token, slot.is_some())
            .map_err(|error| (LossKind::NotSent, error.to_string()))?;
        let (connection, (head, body)) = self.roundtrip(slot, request, kind).await?;
        if let Some(slot) = slot.filter(|_| connection.is_reusable()) {
            *slot.lock() = Some(connection);
        }
        self.target.response.check(head.status, &head.headers, &body, token)
    }

    /// Exchanges on the slot's idle connection if it has one, else on a new one.
    async fn roundtrip(
        &self,
        slot: Option<&Mutex<Option<Connection>>>,
        mut request: hyper::Request<Full<Bytes>>,
        kind: &mut ConnectionKind,
    ) -> Result<(Connection, (hyper::http::response::Parts, Bytes)), (LossKind, String)> {
        if let Some(mut connection) = slot.and_then(|slot| slot.lock().take()).filter(Connection::is_reusable) {
            *kind = ConnectionKind::KeptAlive;
            match connection.exchange(request).await {
                Ok(response) => return Ok((connection, response)),
                Err(ExchangeError::Lost(loss, detail)) => return Err((loss, detail)),
                Err(ExchangeError::Unwritten(unwritten)) => request = *unwritten,
            }
        }
        *kind = ConnectionKind::New;
        let mut connection = self.connect().await.map_err(|error| {
            let detail = error.to_string();
            (LossKind::from_connect_error(&error), detail)
        })?;
        match connection.exchange(request).await {
            Ok(response) => Ok((connection, response)),
            Err(ExchangeError::Lost(loss, detail)) => Err((loss, detail)),
            Err(ExchangeError::Unwritten(_)) => Err((
                LossKind::ResetBeforeResponse,
                "the new connection ended before the request was sent".to_owned(),
            )),
        }
    }

    async fn connect(&self) -> io::Result<Connection> {
        let addresses = self.resolver.addresses().await?;
        let statistics = self.statistics.clone();
        let target = &self.target;
        Connection::open(
            &addresses,
            &target.url.host,
            self.tls.as_ref(),
            target.http,
            move || {
                statistics.record(Observation::ClosedWithoutNotice(statistics.since_start(Instant::now())));
            },
        )
        .await
    }
}

/// Closes connections that were not used for a while, until the client is dropped.
async fn close_idle_connections(client: Weak<Client>) {
    let mut sweep = interval(SWEEP_INTERVAL);
    loop {
        sweep.tick().await;
        let Some(client) = client.upgrade() else { return };
        for slot in &client.slots {
            let mut slot = slot.lock();
            slot.take_if(|idle| idle.idle_since.elapsed() > IDLE_TIMEOUT);
        }
    }
}
