//! Connects from one source port after the other.

use std::{
    hash::{BuildHasher, RandomState},
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::net::{TcpSocket, TcpStream};

/// How many ports are tried that something else uses, before the kernel has to find one.
const MAX_USED_PORTS: usize = 100;

/// Where Linux says which ports clients may use.
const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Connects to the first of the addresses that accepts.
///
/// Each connection has the next source port, as connections of many users have different ones. Linux alone would use a port
/// again within seconds, and the connection tracking of a node sends a port for two minutes to the pod that it was sent to
/// before, even if that pod is dead and never responded: losses that no other client has.
pub async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
    for address in addresses {
        match connect_to(*address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    for port in next_ports().take(MAX_USED_PORTS).filter(|port| *port != address.port()) {
        let (socket, any) = match address {
            SocketAddr::V4(_) => (TcpSocket::new_v4()?, Ipv4Addr::UNSPECIFIED.into()),
            SocketAddr::V6(_) => (TcpSocket::new_v6()?, Ipv6Addr::UNSPECIFIED.into()),
        };
        // The port may be that of a connection to another server.
        socket.set_reuseaddr(true)?;
        let connected = match socket.bind(SocketAddr::new(any, port)) {
            Ok(()) => socket.connect(address).await,
            Err(error) => Err(error),
        };
        match connected {
            Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable) => (),
            connected => return connected,
        }
    }
    TcpStream::connect(address).await
}

/// Returns the ports for clients from the next one on, or none on a system that does not say which these are. The first one
/// of a program is chosen by chance: another run may have been here a minute ago.
fn next_ports() -> impl Iterator<Item = u16> {
    static RANGE: LazyLock<Option<(u16, u16)>> = LazyLock::new(|| {
        let range = std::fs::read_to_string(PORT_RANGE).ok()?;
        let (first, last) = range.trim().split_once(char::is_whitespace)?;
        Some((first.parse().ok()?, last.trim().parse().ok()?))
    });
    static NEXT: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(RandomState::new().hash_one(()) as u32));
    std::iter::from_fn(|| {
        let (first, last) = (*RANGE)?;
        let ports = u32::from(last.checked_sub(first)?) + 1;
        u16::try_from(u32::from(first) + NEXT.fetch_add(1, Ordering::Relaxed) % ports).ok()
    })
}
