//! Replaces the frontend image in tests without a cluster: serves `frontend/dist` and proxies `/api/` to the replicas, round
//! robin, each request on a new connection.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actix_files::{Files, NamedFile};
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    middleware::DefaultHeaders,
    web::{self, Bytes, Data},
};
use anyhow::{Context, Result, ensure};
use api::Problem;
use tokio::sync::watch;

/// A page server on a free port. It stops when this value is dropped.
pub struct PageServer {
    /// The page's URL, without a trailing slash.
    pub url: String,
    service: Arc<Service>,
    handle: ServerHandle,
}

/// The replicas that get the requests.
#[derive(Debug, Default)]
struct Service {
    replicas: Mutex<Vec<SocketAddr>>,
    /// All replicas, also those that are not ready: for requests that ask a replica about itself.
    all: Mutex<Vec<SocketAddr>>,
    client: reqwest::Client,
    webassembly_held: watch::Sender<bool>,
    webassembly_requests: AtomicU32,
    /// A script that runs before all others in the page.
    injected: Mutex<String>,
    /// The number of requests that no replica answered.
    turned_away: watch::Sender<u32>,
}

impl PageServer {
    /// Serves the page that Trunk has built, without any replica yet.
    pub fn start() -> Result<Self> {
        let dist = dist()?;
        let policy = content_security_policy()?;
        let client = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .connect_timeout(Duration::from_secs(1))
            .build()?;
        let service = Arc::new(Service {
            client,
            ..Service::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let data = Data::from(service.clone());
        let server = HttpServer::new(move || {
            App::new()
                .wrap(DefaultHeaders::new().add(("Content-Security-Policy", policy.as_str())))
                .app_data(data.clone())
                .route("/api/{path:.*}", web::to(proxy))
                .route("/", web::get().to(index))
                .route("/injected.js", web::get().to(injected))
                .route("/{file}.wasm", web::get().to(webassembly))
                .service(Files::new("/", &dist).index_file("index.html"))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { url, service, handle })
    }

    /// Delays the WebAssembly file, as a slow network does, until it is called with `false`.
    pub fn hold_webassembly(&self, held: bool) {
        self.service.webassembly_held.send_replace(held);
    }

    /// Returns the number of requests for the WebAssembly so far.
    pub fn webassembly_requests(&self) -> u32 {
        self.service.webassembly_requests.load(Ordering::Relaxed)
    }

    /// Runs a script before all others in the page, as an extension of the browser may.
    pub fn inject(&self, script: &str) {
        script.clone_into(&mut self.service.injected());
    }

    /// Waits until no replica answers another request.
    pub async fn until_turned_away(&self) {
        // It fails only when the server has stopped.
        _ = self.service.turned_away.subscribe().changed().await;
    }

    /// Sends requests to these replicas from now on.
    pub fn set_replicas(&self, replicas: impl IntoIterator<Item = SocketAddr>) {
        let replicas: Vec<_> = replicas.into_iter().collect();
        self.set_all(replicas.clone());
        *lock(&self.service.replicas) = replicas;
    }

    /// Asks these replicas about themselves from now on: also those that are not ready.
    pub fn set_all(&self, replicas: impl IntoIterator<Item = SocketAddr>) {
        *lock(&self.service.all) = replicas.into_iter().collect();
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        // The future would only wait until it has stopped.
        drop(self.handle.stop(false));
    }
}

impl Service {
    fn injected(&self) -> MutexGuard<'_, String> {
        lock(&self.injected)
    }

    /// Returns the next replica for this path, round robin.
    fn next(&self, path: &str) -> Option<SocketAddr> {
        let mut replicas = lock(if path == api::path::REPLICA {
            &self.all
        } else {
            &self.replicas
        });
        if !replicas.is_empty() {
            replicas.rotate_left(1);
        }
        replicas.last().copied()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves the page, with the injected script if there is one.
async fn index(service: Data<Service>) -> actix_web::Result<HttpResponse> {
    let dist = dist().map_err(actix_web::error::ErrorInternalServerError)?;
    let mut page = fs::read_to_string(dist.join("index.html"))?;
    if !service.injected().is_empty() {
        page = page.replacen("<head>", "<head><script src=\"/injected.js\"></script>", 1);
    }
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

async fn injected(service: Data<Service>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript")
        .body(service.injected().clone())
}

/// Serves the WebAssembly file as soon as it is not delayed.
async fn webassembly(file: web::Path<String>, service: Data<Service>) -> actix_web::Result<NamedFile> {
    service.webassembly_requests.fetch_add(1, Ordering::Relaxed);
    let mut held = service.webassembly_held.subscribe();
    // It fails only when the server has stopped.
    _ = held.wait_for(|held| !held).await;
    let dist = dist().map_err(actix_web::error::ErrorInternalServerError)?;
    Ok(NamedFile::open_async(dist.join(format!("{file}.wasm"))).await?)
}

async fn proxy(request: HttpRequest, body: Bytes, service: Data<Service>) -> HttpResponse {
    match forward(&request, body, &service).await {
        Ok(response) => response,
        Err(_) => {
            service.turned_away.send_modify(|count| *count += 1);
            HttpResponse::BadGateway()
                .content_type(Problem::MEDIA_TYPE)
                .json(Problem::new(502, "Bad Gateway", "No backend replica answered."))
        }
    }
}

async fn forward(request: &HttpRequest, body: Bytes, service: &Service) -> Result<HttpResponse> {
    let replica = service.next(request.path()).context("there is no replica")?;
    let mut proxied = service
        .client
        .request(
            reqwest::Method::from_bytes(request.method().as_str().as_bytes())?,
            format!("http://{replica}{}", request.uri()),
        )
        .body(body);
    for name in ["accept", "content-type"] {
        if let Some(value) = request.headers().get(name) {
            proxied = proxied.header(name, value.as_bytes());
        }
    }
    let upstream = proxied.send().await?;
    let mut response = HttpResponse::build(StatusCode::from_u16(upstream.status().as_u16())?);
    if let Some(content_type) = upstream.headers().get("content-type") {
        response.insert_header(("Content-Type", content_type.as_bytes()));
    }
    Ok(response.body(upstream.bytes().await?))
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
