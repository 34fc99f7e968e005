//! The addresses of a host, looked up at most once in a while.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{net::lookup_host, sync::Mutex};

/// How long a looked-up address is used. Short, because load balancers move.
const MAX_AGE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Resolver {
    host: String,
    port: u16,
    cached: Mutex<Option<(Instant, Arc<[SocketAddr]>)>>,
}

impl Resolver {
    /// Returns a resolver of a host name or an address (an IPv6 address without brackets).
    pub fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            cached: Mutex::new(None),
        }
    }

    /// Returns the addresses of the host. There is at least one.
    pub async fn addresses(&self) -> io::Result<Arc<[SocketAddr]>> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(Arc::new([SocketAddr::new(address, self.port)]));
        }
        let mut cached = self.cached.lock().await;
        if let Some((since, addresses)) = &*cached
            && since.elapsed() < MAX_AGE
        {
            return Ok(addresses.clone());
        }
        let addresses: Arc<[_]> = lookup_host((self.host.as_str(), self.port)).await?.collect();
        if addresses.is_empty() {
            return Err(io::Error::other(format!("{} has no address", self.host)));
        }
        *cached = Some((Instant::now(), addresses.clone()));
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_ipv6_address_and_a_name_are_resolved() {
        let address = Resolver::new("::1", 80).addresses().await.unwrap();
        assert_eq!(address.to_vec(), ["[::1]:80".parse().unwrap()]);
        assert!(!Resolver::new("localhost", 80).addresses().await.unwrap().is_empty());
        assert!(Resolver::new("no-such-host.invalid", 80).addresses().await.is_err());
    }
}
