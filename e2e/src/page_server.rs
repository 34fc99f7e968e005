//! Replaces the frontend image in tests without a cluster: serves `frontend/dist`, and balances `/api/` over the replicas.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context, Result, ensure};
use http::{HeaderValue, Response, StatusCode, header};
use hyper::{Request, body::Incoming};
use local::{
    balancer::Balancer,
    http1::{self, Body},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// A path under which the page is, too, as behind a proxy that removes it.
pub const PREFIX: &str = "/under/a/prefix";

/// A page server on a free port. It stops when this value is dropped.
pub struct PageServer {
    /// The page's URL, without a trailing slash.
    pub url: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    dist: PathBuf,
    policy: HeaderValue,
    balancer: Balancer,
    webassembly_held: watch::Sender<bool>,
    webassembly_requests: AtomicU32,
    /// A script that runs before all others in the page.
    injected: Mutex<String>,
}

impl PageServer {
    /// Serves the page that Trunk has built, without any replica yet.
    pub fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            dist: dist()?,
            policy: HeaderValue::from_str(&content_security_policy()?)?,
            balancer: Balancer::default(),
            webassembly_held: watch::Sender::default(),
            webassembly_requests: AtomicU32::default(),
            injected: Mutex::default(),
        });
        let shared = state.clone();
        let respond = move |request| shared.clone().respond(request);
        let server = tokio::spawn(http1::serve(TcpListener::from_std(listener)?, respond));
        Ok(Self { url, state, server })
    }

    /// Delays the WebAssembly file, as a slow network does, until it is called with `false`.
    pub fn hold_webassembly(&self, held: bool) {
        self.state.webassembly_held.send_replace(held);
    }

    /// Returns the number of requests for the WebAssembly so far.
    pub fn webassembly_requests(&self) -> u32 {
        self.state.webassembly_requests.load(Ordering::Relaxed)
    }

    /// Runs a script before all others in the page, as an extension of the browser may.
    pub fn inject(&self, script: &str) {
        script.clone_into(&mut self.state.injected.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until no replica responds to another request.
    pub async fn until_unanswered(&self) {
        // It fails only when the server has stopped.
        _ = self.state.balancer.unanswered().changed().await;
    }

    /// Leaves submissions unanswered from now on, and waits for the first one. Replicas still respond about themselves.
    pub async fn leave_a_submission_unanswered(&self) {
        self.state.balancer.endpoints().ready.clear();
        self.until_unanswered().await;
    }

    /// Sends requests to these replicas from now on.
    pub fn set_replicas(&self, replicas: impl IntoIterator<Item = SocketAddr>) {
        let replicas: Vec<_> = replicas.into_iter().collect();
        self.set_all(replicas.clone());
        self.state.balancer.endpoints().ready = replicas;
    }

    /// Asks these replicas about themselves from now on: also those that are not ready.
    pub fn set_all(&self, replicas: impl IntoIterator<Item = SocketAddr>) {
        self.state.balancer.endpoints().all = replicas.into_iter().collect();
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl State {
    async fn respond(self: Arc<Self>, mut request: Request<Incoming>) -> Response<Body> {
        if let Some(path) = request.uri().path().strip_prefix(PREFIX)
            && let Ok(uri) = path.parse()
        {
            *request.uri_mut() = uri;
        }
        let path = request.uri().path().to_owned();
        let mut response = match path.as_str() {
            path if path.starts_with("/api/") => self.balancer.forward(request).await,
            "/" => self.file("index.html"),
            "/injected.js" => typed("text/javascript", self.injected()),
            path => {
                if path.ends_with(".wasm") {
                    self.webassembly_requests.fetch_add(1, Ordering::Relaxed);
                    // It fails only when the server has stopped.
                    _ = self.webassembly_held.subscribe().wait_for(|held| !held).await;
                }
                self.file(&path[1..])
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        response
    }

    /// Serves a file of the page. All of them are in one folder.
    fn file(&self, name: &str) -> Response<Body> {
        let Ok(mut content) = fs::read(self.dist.join(name)) else {
            let mut response = Response::new(Body::default());
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        };
        if name == "index.html" && !self.injected().is_empty() {
            let page = String::from_utf8_lossy(&content);
            content = page
                .replacen("<head>", "<head><script src=\"/injected.js\"></script>", 1)
                .into_bytes();
        }
        let media_type = match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css",
            Some("js") => "text/javascript",
            Some("wasm") => "application/wasm",
            Some("svg") => "image/svg+xml",
            _ => "text/plain",
        };
        typed(media_type, content)
    }

    fn injected(&self) -> String {
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn typed(media_type: &'static str, content: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(content.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Reads the policy of the frontend image, so that what it forbids fails in these tests, too.
fn content_security_policy() -> Result<String> {
    let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/nginx/nginx.conf.template");
    let configuration = fs::read_to_string(configuration)?;
    let (_, policy) = configuration
        .split_once("add_header Content-Security-Policy \"")
        .context("nginx sends a Content-Security-Policy")?;
    let (policy, _) = policy
        .split_once('"')
        .context("the policy ends with a quotation mark")?;
    Ok(policy.to_owned())
}

/// Returns the folder that Trunk has built: `frontend/dist`, or the value of `PAGE_DIST`.
fn dist() -> Result<PathBuf> {
    let here = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/dist");
    let dist = env::var_os("PAGE_DIST").map_or_else(here, PathBuf::from);
    ensure!(
        dist.join("index.html").is_file(),
        "there is no page in {}: run `scripts/trunk build` first",
        dist.display()
    );
    Ok(dist)
}
