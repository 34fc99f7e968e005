//! A running Docker container, and what a test asks it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::{Instant, sleep, timeout},
};

pub const LIMIT: Duration = Duration::from_secs(30);

/// Waits for something that takes at most [`LIMIT`].
pub async fn within<T>(awaited: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(LIMIT, future)
        .await
        .with_context(|| format!("not within {LIMIT:?}: {awaited}"))?
}

/// Runs docker and returns its standard output.
pub async fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .await
        .context("docker cannot be started")?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "docker {}: {message}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Returns what docker knows about an image.
pub async fn inspect(image: &str) -> Result<Value> {
    let list: Value = serde_json::from_str(&docker(&["image", "inspect", image]).await?)?;
    Ok(list[0].clone())
}

/// A running container.
pub struct Container {
    pub id: String,
    /// Its URL on this machine.
    pub url: String,
}

impl Container {
    /// Kills and removes it.
    pub async fn kill(self) -> Result<()> {
        docker(&["rm", "--force", &self.id]).await.map(drop)
    }

    /// Runs a docker command on it, such as `pause`.
    pub async fn docker(&self, command: &[&str]) -> Result<()> {
        docker(&[command, &[&self.id]].concat()).await.map(drop)
    }

    /// Stops it as Kubernetes does: by the image's stop signal, SIGKILL after 30 seconds. Returns its exit code.
    pub async fn stop(&self) -> Result<String> {
        docker(&["stop", "--time", "30", &self.id]).await?;
        docker(&["inspect", "--format", "{{.State.ExitCode}}", &self.id]).await
    }

    /// Returns what it has written to stdout: for both images, JSON lines.
    ///
    /// # Errors
    /// Where a line is not UTF-8 or not JSON.
    pub async fn log(&self) -> Result<Vec<Value>> {
        let output = Command::new("docker").args(["logs", &self.id]).output().await?;
        let lines = output.stdout.split_inclusive(|byte| *byte == b'\n');
        lines
            .map(|line| {
                ensure!(line.ends_with(b"\n"), "half a line: {}", String::from_utf8_lossy(line));
                serde_json::from_slice(line).with_context(|| format!("no JSON: {}", String::from_utf8_lossy(line)))
            })
            .collect()
    }

    /// Returns its lines of log about requests, as soon as there are `count` of them.
    pub async fn requests_in_log(&self, count: usize) -> Result<Vec<Value>> {
        let give_up = Instant::now() + LIMIT;
        loop {
            let mut lines = self.log().await?;
            lines.retain(|line| line["message"] == "request");
            if lines.len() >= count {
                return Ok(lines);
            }
            ensure!(
                Instant::now() < give_up,
                "{} of {count} requests in the log",
                lines.len()
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns what it has written to stderr.
    pub async fn errors(&self) -> Result<String> {
        let output = Command::new("docker").args(["logs", &self.id]).output().await?;
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Returns how many sockets listen, by one of the tables in `/proc/net`.
    pub async fn listeners(&self, table: &str) -> Result<usize> {
        let table = docker(&["exec", &self.id, "cat", table]).await?;
        // A socket's port in hexadecimal, and its state: 0A is LISTEN.
        let is_listening = |line: &&str| line.contains(":1F90 ") && line.split_whitespace().nth(3) == Some("0A");
        Ok(table.lines().filter(is_listening).count())
    }

    /// Returns the names of the files in a folder, without the compressed twins.
    pub async fn files(&self, folder: &str) -> Result<Vec<String>> {
        let names = docker(&["exec", &self.id, "ls", folder]).await?;
        let names = names
            .lines()
            .filter(|name| !name.ends_with(".gz") && !name.ends_with(".br"));
        Ok(names.map(str::to_owned).collect())
    }

    /// Returns how many connections by a port its kernel knows, also those that have just ended.
    pub async fn connections(&self, port: u16) -> Result<usize> {
        // In a second container with the same network: the backend's image has no `cat`.
        let network = format!("--network=container:{}", self.id);
        let cat = ["run", "--rm", &network, "--entrypoint=cat", "k8s-demo-frontend:v1"];
        let table = docker(&[&cat[..], &["/proc/net/tcp", "/proc/net/tcp6"]].concat()).await?;
        let port = format!(":{port:04X} ");
        let is_connection = |line: &&str| line.contains(&port) && line.split_whitespace().nth(3) != Some("0A");
        Ok(table.lines().filter(is_connection).count())
    }

    /// Returns its address on its network.
    pub async fn address(&self) -> Result<String> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        docker(&["inspect", "--format", format, &self.id]).await
    }

    /// Connects to it.
    pub async fn connect(&self) -> Result<TcpStream> {
        Ok(TcpStream::connect(self.url.trim_start_matches("http://")).await?)
    }

    /// Sends bytes on a connection of its own and returns all that comes back until the other side closes it.
    pub async fn send(&self, bytes: &[u8]) -> Result<String> {
        let mut connection = self.connect().await?;
        // The server may respond and close before it has read all.
        _ = connection.write_all(bytes).await;
        let mut response = Vec::new();
        let read = connection.read_to_end(&mut response);
        // A reset after the response is an end, too.
        _ = timeout(LIMIT, read).await.context("the connection stays open")?;
        Ok(String::from_utf8_lossy(&response).into_owned())
    }
}
