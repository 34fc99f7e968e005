//! The process of a driver, with its browser and its display.

use std::{net::TcpListener, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

use super::Engine;

/// A running driver. It ends with its browser when it is dropped.
pub(super) struct Driver {
    /// The port that it listens on.
    pub port: u16,
    _driver: ProcessGroup,
    _display: Option<ProcessGroup>,
}

impl Driver {
    /// Starts the driver of an engine and waits until it listens.
    pub async fn start(engine: Engine, profile: &Path) -> Result<Self> {
        let (display, number) = match engine {
            Engine::WebKit => {
                let (display, number) = start_display().await?;
                (Some(display), Some(number))
            }
            Engine::Chromium | Engine::Firefox => (None, None),
        };
        // chromedriver takes a free port of IPv4 and ends if the same one of IPv6 is taken. Another start takes another port.
        for _ in 0..10 {
            let free = match engine.port_label() {
                Some(_) => 0,
                None => TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
            };
            let mut command = engine.driver(free, profile)?;
            command.envs(number.as_ref().map(|number| ("DISPLAY", number)));
            let mut driver = ProcessGroup::spawn(&mut command)?;
            let port = match engine.port_label() {
                Some(label) => {
                    let output = driver.0.stdout.take().context("its output is a pipe")?;
                    number_after(label, output).await?
                }
                None => listens(free, &mut driver.0).await?.then(|| free.to_string()),
            };
            if let Some(port) = port {
                return Ok(Self {
                    port: port.parse()?,
                    _driver: driver,
                    _display: display,
                });
            }
        }
        bail!("the driver of {engine:?} does not start")
    }
}

/// Starts a virtual display, and returns its name.
async fn start_display() -> Result<(ProcessGroup, String)> {
    let mut command = Command::new("Xvfb");
    command
        .args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut display = ProcessGroup::spawn(&mut command)?;
    let output = display.0.stdout.take().context("its output is a pipe")?;
    let number = number_after("", output).await?.context("Xvfb does not start")?;
    Ok((display, format!(":{number}")))
}

/// Returns the number after `label` in a program's output, and keeps reading the output, so that the pipe does not fill up.
async fn number_after(label: &str, output: impl AsyncRead + Unpin + Send + 'static) -> Result<Option<String>> {
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, rest)) = line.split_once(label) {
            let number = rest.trim_end_matches('.').to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Waits until a process accepts connections on a port; `false` if it ends first.
async fn listens(port: u16, process: &mut Child) -> Result<bool> {
    loop {
        if process.try_wait()?.is_some() {
            return Ok(false);
        }
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(true);
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// A process that ends with all its children when it is dropped.
struct ProcessGroup(Child);

impl ProcessGroup {
    fn spawn(command: &mut Command) -> Result<Self> {
        let program = command.as_std().get_program().to_owned();
        let child = command.process_group(0).spawn();
        Ok(Self(child.with_context(|| {
            format!("{} does not start", Path::new(&program).display())
        })?))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(pid) = self.0.id().and_then(|pid| Pid::from_raw(pid.cast_signed())) {
            // It fails only where the group has ended already.
            _ = kill_process_group(pid, Signal::KILL);
        }
    }
}
