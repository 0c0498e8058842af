//! The ports of the host, bound before anything else is done: one that is taken is the commonest reason not to start.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::cli::ServeOptions;
use crate::error::HostError;

/// Bound sockets, and the URLs at which this machine reaches them.
pub(super) struct Listeners {
    pub(super) api: TcpListener,
    pub(super) api_url: String,
    pub(super) aws: TcpListener,
    pub(super) aws_url: String,
    pub(super) simulator: TcpListener,
    pub(super) simulator_url: String,
}

impl Listeners {
    pub(super) async fn bind(options: &ServeOptions) -> Result<Self, HostError> {
        let (api, api_url) = bind(options.listen, "--listen").await?;
        let (aws, aws_url) = bind(options.aws_listen, "--aws-listen").await?;
        let any_port = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let (simulator, simulator_url) = bind(any_port, "the Graph API simulator").await?;
        Ok(Self { api, api_url, aws, aws_url, simulator, simulator_url })
    }
}

async fn bind(address: SocketAddr, flag: &'static str) -> Result<(TcpListener, String), HostError> {
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::AddrInUse => HostError::PortInUse { address, flag },
        _ => HostError::Listen { address, flag, source },
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let url = format!("http://{}", reachable(listener.local_addr().map_err(failed)?));
    Ok((listener, url))
}

/// The address at which this machine reaches a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Whether only this machine can reach the address: IPv4, IPv6, and IPv4 written as IPv6.
pub(super) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_known_in_all_its_spellings() {
        for (address, expected) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.168.0.7:1", false),
            ("[::ffff:192.168.0.7]:1", false),
        ] {
            assert_eq!(is_loopback(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_host_that_listens_everywhere_is_reached_on_the_loopback() {
        assert_eq!(reachable("0.0.0.0:4000".parse().unwrap()).to_string(), "127.0.0.1:4000");
        assert_eq!(reachable("[::]:4000".parse().unwrap()).to_string(), "[::1]:4000");
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_flag_that_changes_it() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let refusal = bind(address, "--listen").await.err().unwrap().to_string();
        assert!(refusal.contains(&address.port().to_string()) && refusal.contains("--listen"), "{refusal}");
    }
}
