//! nginx in a container, with a configuration of its own choice in front of a server on this machine.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tempfile::TempDir;

use super::load;

/// The base image of Dockerfile.frontend.
pub const IMAGE: &str = "nginxinc/nginx-unprivileged:1.30-alpine-slim";

/// How long nginx may take until it serves a submission.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How nginx is configured.
#[derive(Debug, Clone, Copy)]
pub enum Design {
    /// The template of the frontend image.
    FrontDoor,
    /// The design before it: a connection for each request, and each log line written by itself.
    ConnectionPerRequest,
}

/// A running nginx. It ends when this value is dropped.
pub struct Nginx {
    container: String,
    master: Pid,
    /// Where it listens.
    pub address: SocketAddr,
    _configuration: TempDir,
}

impl Nginx {
    /// Starts nginx in front of a server and waits until it serves a submission.
    ///
    /// # Errors
    ///
    /// When there is no docker on Linux, or nginx does not serve.
    pub async fn start(design: Design, backend: SocketAddr) -> anyhow::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let configuration = TempDir::new()?;
        let container = run(&arguments(design, address.port(), backend, configuration.path())?)?;
        let master = docker(&["inspect", "--format", "{{.State.Pid}}", &container])?;
        let nginx = Self {
            master: master.parse().context("docker knows the process")?,
            container,
            address,
            _configuration: configuration,
        };
        let started = Instant::now();
        while load::send_once(address, load::SUBMISSION).await.is_err() {
            ensure!(
                started.elapsed() < START_TIMEOUT,
                "nginx does not serve: docker logs {}",
                nginx.container
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(nginx)
    }

    /// Returns how much processor time all its processes have used.
    ///
    /// # Errors
    ///
    /// When it has ended, or its processes cannot be seen: docker runs them in a virtual machine, except on Linux.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let mut system = System::new();
        let kind = ProcessRefreshKind::nothing().with_cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let is_nginx = |pid: Pid, parent: Option<Pid>| pid == self.master || parent == Some(self.master);
        let processes = system.processes().iter();
        let milliseconds: Vec<u64> = processes
            // Threads are listed, too.
            .filter(|(pid, process)| process.thread_kind().is_none() && is_nginx(**pid, process.parent()))
            .map(|(_, process)| process.accumulated_cpu_time())
            .collect();
        ensure!(
            milliseconds.len() > 1,
            "nginx's processes cannot be seen: this needs Linux"
        );
        Ok(Duration::from_millis(milliseconds.iter().sum()))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It fails only where the container has ended before.
        _ = docker(&["rm", "--force", &self.container]);
    }
}

/// Writes the configuration into `folder` and returns the arguments of `docker run`.
fn arguments(design: Design, port: u16, backend: SocketAddr, folder: &Path) -> anyhow::Result<Vec<String>> {
    let read = |path: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let write = |name: &str, text: String| -> anyhow::Result<PathBuf> {
        let path = folder.join(name);
        fs::write(&path, text)?;
        Ok(path)
    };
    // The containers share the network of this machine, where somebody else may listen on 8080.
    let listen_on = |text: String| text.replace("8080", &port.to_string());
    let mut arguments: Vec<String> = ["--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"]
        .map(str::to_owned)
        .into();
    match design {
        Design::FrontDoor => {
            let template = write(
                "nginx.conf.template",
                listen_on(read("../frontend/nginx/nginx.conf.template")?),
            )?;
            let script = write(
                "16-front-door.envsh",
                listen_on(read("../frontend/nginx/16-front-door.envsh")?),
            )?;
            make_executable(&script)?;
            let mount = |from: &Path, to: &str| format!("--volume={}:{to}:ro", from.display());
            arguments.extend([
                mount(&template, "/etc/nginx/templates/nginx.conf.template"),
                mount(&script, "/docker-entrypoint.d/16-front-door.envsh"),
                "--env=NGINX_ENVSUBST_OUTPUT_DIR=/tmp".to_owned(),
                "--env=NGINX_ENVSUBST_FILTER=^[A-Z_0-9]+$".to_owned(),
                "--env=NGINX_ENTRYPOINT_LOCAL_RESOLVERS=1".to_owned(),
                format!("--env=BACKEND_PODS={backend}"),
                format!("--env=BACKEND_SERVICE={backend}"),
                format!("--env=FRONTEND_PODS=127.0.0.1:{port}"),
                IMAGE.to_owned(),
                "nginx".to_owned(),
                "-c".to_owned(),
                "/tmp/nginx.conf".to_owned(),
            ]);
        }
        Design::ConnectionPerRequest => {
            let text = listen_on(read("src/bench/connection-per-request.conf")?);
            let file = write("nginx.conf", text.replace("BACKEND", &backend.to_string()))?;
            arguments.extend([
                format!("--volume={}:/etc/nginx/nginx.conf:ro", file.display()),
                IMAGE.to_owned(),
                "nginx".to_owned(),
            ]);
        }
    }
    Ok(arguments)
}

/// The container's user is another one: it has to be able to read the files, too.
fn make_executable(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Runs a container on the network of this machine and returns its id. Its log goes through a pipe, as on Kubernetes, and is
/// dropped.
fn run(arguments: &[String]) -> anyhow::Result<String> {
    let run = ["run", "--detach", "--network=host", "--log-driver=none"];
    docker(&[&run[..], &arguments.iter().map(String::as_str).collect::<Vec<_>>()].concat())
}

fn docker(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .context("cannot run docker")?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "docker {}: {message}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
