//! Binds the port that the server listens on.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    time::Duration,
};

use nix::errno::Errno;
use socket2::{Domain, Socket, Type};

/// The length of the accept backlog. Linux shortens it to `net.core.somaxconn`, 4096 by default.
const BACKLOG: i32 = 4096;

/// The most bytes that the kernel keeps of what a client sends. Linux takes twice as much memory for them.
const RECEIVE_BUFFER_SIZE: usize = 16 * 1024;

/// The most bytes that the kernel keeps of what a client does not read. The size of a send buffer would count those in flight,
/// too, and a long response would wait for an acknowledgement every few packets.
#[cfg(target_os = "linux")]
const MAX_UNSENT: u32 = 16 * 1024;

/// How long the kernel waits for a client to read what was sent.
#[cfg(target_os = "linux")]
const UNREAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Why no listener could be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another process listens on this address.
    #[error("port {} of {} is in use by another process", .0.port(), .0.ip())]
    InUse(SocketAddr),
    /// The operating system reports another error.
    #[error("cannot listen on {address}: {cause}")]
    Failed {
        /// The requested address.
        address: SocketAddr,
        /// The error of the operating system.
        cause: io::Error,
    },
}

/// Binds a listener. The kernel accepts connections from here on; the server responds once it runs.
///
/// The address `::` listens on IPv6 and IPv4, and on IPv4 alone where the kernel has no IPv6.
///
/// # Errors
///
/// When the address is in use or not available.
pub fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    let listener = match listen(address) {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && is_without_ipv6(&error) => {
            listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
        }
        outcome => outcome,
    };
    listener.map_err(|cause| match cause.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        _ => BindError::Failed { address, cause },
    })
}

/// Like `TcpListener::bind`, with a larger accept backlog and, for `::`, IPv4 too.
///
/// When the default backlog of 128 is full, the kernel drops SYNs and clients retry after one second.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        // The default depends on the sysctl net.ipv6.bindv6only.
        socket.set_only_v6(false)?;
    }
    // A restarted process must not wait until the kernel has forgotten its predecessor's connections.
    socket.set_reuse_address(true)?;
    // Connections inherit these from the listener.
    socket.set_tcp_nodelay(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_SIZE)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(MAX_UNSENT)?;
    // Without it the kernel keeps a closed connection whose client leaves a response unread for as long as the client lives.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNREAD_TIMEOUT))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Returns whether an error of [`listen`] on `::` means that the kernel has no IPv6: it knows no such sockets when booted
/// with `ipv6.disable=1`, and no such address when the sysctl `disable_ipv6` is set.
fn is_without_ipv6(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EAFNOSUPPORT as i32) || error.kind() == io::ErrorKind::AddrNotAvailable
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_keeps_little_of_what_a_client_does_not_read() {
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        client.set_recv_buffer_size(4 * 1024).unwrap();
        client.connect(&listener.local_addr().unwrap().into()).unwrap();
        let (mut connection, _) = listener.accept().unwrap();
        connection.set_nonblocking(true).unwrap();
        let mut kept = 0;
        while let Ok(length) = io::Write::write(&mut connection, &[0; 16 * 1024]) {
            kept += length;
        }
        // What the client has received, and a packet beyond the limit, which on this interface has 64 KiB.
        assert!(kept < 256 * 1024, "{kept}");
    }

    #[test]
    fn the_unspecified_ipv6_address_accepts_ipv4_too() {
        let listener = bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        if listener.local_addr().unwrap().is_ipv6() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, port)).unwrap();
        }
    }

    #[test]
    fn a_kernel_without_ipv6_is_recognised_and_a_port_in_use_is_something_else() {
        assert!(is_without_ipv6(&Errno::EAFNOSUPPORT.into()));
        assert!(is_without_ipv6(&io::ErrorKind::AddrNotAvailable.into()));
        assert!(!is_without_ipv6(&io::ErrorKind::AddrInUse.into()));
    }

    #[test]
    fn a_port_in_use_is_reported_with_its_address() {
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let error = bind(address).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("port {} of 127.0.0.1 is in use by another process", address.port())
        );
    }
}
