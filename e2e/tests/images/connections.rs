//! Connections of clients: how long they are kept, and how they end.

use std::time::Duration;

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::{
    container::within,
    front_door::{is_submission_response, request},
    network::Network,
};

const TEMPLATE: &str = include_str!("../../../frontend/nginx/nginx.conf.template");

/// Sends a request on a kept-alive connection. Returns the response's head and body, or what came before the connection ended.
async fn exchange(connection: &mut TcpStream) -> Result<String> {
    _ = connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut response = Vec::new();
    within("a response", async {
        while !response.ends_with(b"\r\n\r\nok\n") && connection.read_buf(&mut response).await.unwrap_or(0) > 0 {}
        Ok(())
    })
    .await?;
    Ok(String::from_utf8(response)?)
}

#[tokio::test]
async fn the_next_response_on_an_idle_connection_announces_its_end() -> Result<()> {
    let network = Network::new("drain").await?;
    let frontend = network.frontend(&[]).await?;
    let mut connection = frontend.connect().await?;
    assert!(exchange(&mut connection).await?.contains("Connection: keep-alive\r\n"));
    frontend.docker(&["kill", "--signal=QUIT"]).await?;
    within("nginx closes its listener", async {
        while frontend.listeners("/proc/net/tcp").await? > 0 {}
        Ok(())
    })
    .await?;
    let response = exchange(&mut connection).await?;
    assert!(
        response.starts_with("HTTP/1.1 200 ") && response.contains("Connection: close\r\n"),
        "{response}"
    );
    Ok(())
}

#[tokio::test]
async fn when_connections_run_out_the_one_that_has_been_idle_for_longest_is_closed() -> Result<()> {
    let network = Network::new("idle").await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("template");
    let few = TEMPLATE.replace("worker_connections 6144", "worker_connections 32");
    assert_ne!(few, TEMPLATE);
    std::fs::write(&file, few)?;
    let volume = format!(
        "--volume={}:/etc/nginx/templates/nginx.conf.template:ro",
        file.display()
    );
    let frontend = network.frontend(&[&volume]).await?;
    let mut idle = Vec::new();
    while idle.len() < 32 {
        let mut connection = frontend.connect().await?;
        if exchange(&mut connection).await?.is_empty() {
            break;
        }
        idle.push(connection);
    }
    assert!((20..32).contains(&idle.len()), "{} connections", idle.len());
    // Others wait until these have been idle for keepalive_min_timeout.
    let mut others = Vec::new();
    within("others are served", async {
        while others.len() < 4 {
            let mut connection = frontend.connect().await?;
            if exchange(&mut connection).await?.is_empty() {
                sleep(Duration::from_millis(100)).await;
            } else {
                others.push(connection);
            }
        }
        Ok(())
    })
    .await?;
    assert_eq!(exchange(&mut idle[0]).await?, "", "the first is closed");
    assert_ne!(exchange(idle.last_mut().unwrap()).await?, "", "the last is open");
    Ok(())
}

#[tokio::test]
async fn a_client_that_has_closed_its_sending_half_gets_its_response() -> Result<()> {
    let (_network, _backend, frontend) = Network::serving("half").await?;
    for _ in 0..20 {
        let mut connection = frontend.connect().await?;
        connection.write_all(&request("1.1", "host: a\r\n")).await?;
        connection.shutdown().await?;
        let mut response = String::new();
        connection.read_to_string(&mut response).await?;
        assert!(is_submission_response(&response), "{response}");
    }
    Ok(())
}

#[tokio::test]
async fn nginx_listens_on_ipv6_too() -> Result<()> {
    let network = Network::new("ipv6").await?;
    let frontend = network.frontend(&["--sysctl=net.ipv6.conf.all.disable_ipv6=0"]).await?;
    assert_eq!(frontend.listeners("/proc/net/tcp").await?, 1);
    assert_eq!(frontend.listeners("/proc/net/tcp6").await?, 1);
    Ok(())
}
