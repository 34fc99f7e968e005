//! Stands for the frontend image and the backend's Service where there is no cluster: it serves `frontend/dist` and passes
//! `/api/` on to one replica after the other, on a new connection each time.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
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

/// A page server on a port of its own. It ends when it is dropped.
pub struct PageServer {
    /// Where the page is, without a trailing slash.
    pub url: String,
    service: Arc<Service>,
    handle: ServerHandle,
}

/// The replicas that get submissions, in turn.
#[derive(Debug, Default)]
struct Service {
    replicas: Mutex<Vec<SocketAddr>>,
    client: reqwest::Client,
    webassembly_held: watch::Sender<bool>,
    /// How many submissions found no replica.
    turned_away: watch::Sender<u32>,
}

impl PageServer {
    /// Serves the page that Trunk has built, with no replica behind it yet.
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
                .route("/api/{path:.*}", web::to(pass_on))
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

    /// Lets the WebAssembly wait, as a slow network would, or arrive.
    pub fn hold_webassembly(&self, held: bool) {
        self.service.webassembly_held.send_replace(held);
    }

    /// Waits until a further submission finds no replica.
    pub async fn until_turned_away(&self) {
        // It fails only when the server is gone.
        _ = self.service.turned_away.subscribe().changed().await;
    }

    /// Sends submissions to these replicas from now on.
    pub fn set_replicas(&self, replicas: impl IntoIterator<Item = SocketAddr>) {
        *self.service.lock() = replicas.into_iter().collect();
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        // The future only waits for the end.
        drop(self.handle.stop(false));
    }
}

impl Service {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SocketAddr>> {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The replica whose turn it is.
    fn next(&self) -> Option<SocketAddr> {
        let mut replicas = self.lock();
        if !replicas.is_empty() {
            replicas.rotate_left(1);
        }
        replicas.last().copied()
    }
}

/// The WebAssembly, as soon as it is not held.
async fn webassembly(file: web::Path<String>, service: Data<Service>) -> actix_web::Result<NamedFile> {
    let mut held = service.webassembly_held.subscribe();
    // It fails only when the server is gone.
    _ = held.wait_for(|held| !held).await;
    let dist = dist().map_err(actix_web::error::ErrorInternalServerError)?;
    Ok(NamedFile::open_async(dist.join(format!("{file}.wasm"))).await?)
}

async fn pass_on(request: HttpRequest, body: Bytes, service: Data<Service>) -> HttpResponse {
    match ask(&request, body, &service).await {
        Ok(response) => response,
        Err(_) => {
            service.turned_away.send_modify(|count| *count += 1);
            HttpResponse::BadGateway()
                .content_type(Problem::MEDIA_TYPE)
                .json(Problem::new(502, "Bad Gateway", "No backend replica is there."))
        }
    }
}

async fn ask(request: &HttpRequest, body: Bytes, service: &Service) -> Result<HttpResponse> {
    let replica = service.next().context("there is no replica")?;
    let mut passed_on = service
        .client
        .request(
            reqwest::Method::from_bytes(request.method().as_str().as_bytes())?,
            format!("http://{replica}{}", request.uri()),
        )
        .body(body);
    for name in ["accept", "content-type"] {
        if let Some(value) = request.headers().get(name) {
            passed_on = passed_on.header(name, value.as_bytes());
        }
    }
    let answer = passed_on.send().await?;
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status().as_u16())?);
    if let Some(kind) = answer.headers().get("content-type") {
        response.insert_header(("Content-Type", kind.as_bytes()));
    }
    Ok(response.body(answer.bytes().await?))
}

/// What the frontend image sends, so that what it forbids fails here already.
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

/// What Trunk has built, here or wherever `PAGE_DIST` says.
fn dist() -> Result<PathBuf> {
    let here = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/dist");
    let dist = env::var_os("PAGE_DIST").map_or_else(here, PathBuf::from);
    ensure!(
        dist.join("index.html").is_file(),
        "there is no page in {}: type `scripts/trunk build` first",
        dist.display()
    );
    Ok(dist)
}
