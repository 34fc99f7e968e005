//! Asks the replica on this machine whether it is alive: a health check for containers, whose image has no other program.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use service::admin::HEALTHZ;

/// As long as the probes of `k8s/` wait.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Requests `/healthz` from this port.
///
/// # Errors
///
/// When no replica listens there, or it is not alive.
pub fn check_health(port: u16) -> io::Result<()> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    write!(
        connection,
        "GET {HEALTHZ} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut start = [0; "HTTP/1.1 200".len()];
    connection.read_exact(&mut start)?;
    if start == *b"HTTP/1.1 200" {
        return Ok(());
    }
    Err(io::Error::other("the replica is not alive"))
}
