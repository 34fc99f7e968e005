//! Builds the page and serves it, with Trunk.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
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
    let mut trunk = group.command("scripts/trunk");
    trunk
        .args(["serve", "--port", &port.to_string(), "--proxy-no-system-proxy"])
        .args(["--proxy-backend", &format!("http://127.0.0.1:{backend_port}/api/")]);
    let failure = "the page could not be built or served: Trunk's message is above. If it says \"OS file watch limit \
                   reached\", see docs/TROUBLESHOOTING.md";
    tokio::select! {
        outcome = run(&mut trunk, failure) => outcome?,
        () = served((Ipv4Addr::LOCALHOST, port).into(), ready) => {}
    }
    Err(io::Error::other("Trunk has stopped"))
}

/// Sends to `ready` when the page is there, and never returns.
async fn served(address: SocketAddr, ready: oneshot::Sender<()>) {
    while !http1::succeeds(address, "/").await {
        sleep(POLL_INTERVAL).await;
    }
    // Nobody waits for it any more when the program ends.
    _ = ready.send(());
    std::future::pending().await
}
