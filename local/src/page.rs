//! Builds the page and serves it, with Trunk.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    time::Duration,
};

use local::http1;
use tokio::{process::Command, sync::oneshot, time::sleep};

use crate::reaper::Group;

const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Runs a command, and fails with this message if the command does.
pub async fn run(command: &mut Command, failure: &str) -> io::Result<()> {
    if command.status().await?.success() {
        return Ok(());
    }
    Err(io::Error::other(failure))
}

/// Serves the page until Trunk stops, which is a failure. Sends to `ready` when browsers get the page.
pub async fn serve(group: Group, port: u16, backend_port: u16, ready: oneshot::Sender<()>) -> io::Result<()> {
    let failure = "the page's tools could not be installed: the message is above";
    run(group.command("scripts/setup").arg("page"), failure).await?;
    // Without the page of an earlier build, which Trunk would serve if this one fails. Usually there is one; if not, that is fine.
    _ = fs::remove_dir_all("frontend/dist");
    let mut trunk = group.command("scripts/trunk");
    trunk
        .args(["serve", "--port", &port.to_string(), "--proxy-no-system-proxy"])
        .args(["--proxy-backend", &format!("http://127.0.0.1:{backend_port}/api/")]);
    let failure = "the page could not be built or served: Trunk's message is above. If it says \"OS file watch limit \
                   reached\", see docs/TROUBLESHOOTING.md";
    let mut running = pin!(run(&mut trunk, failure));
    tokio::select! {
        outcome = &mut running => outcome?,
        is_built = is_built((Ipv4Addr::LOCALHOST, port).into()) => {
            if !is_built {
                return Err(io::Error::other(failure));
            }
            // Nobody waits for it any more when the program ends.
            _ = ready.send(());
            running.await?;
        }
    }
    Err(io::Error::other("Trunk has stopped"))
}

/// Waits until Trunk serves, which it does after its first build, and returns whether there is a page: without one, Trunk waits for a
/// file to change.
async fn is_built(address: SocketAddr) -> bool {
    loop {
        match http1::status(address, "/").await {
            Some(status) => return status.is_success(),
            None => sleep(POLL_INTERVAL).await,
        }
    }
}
