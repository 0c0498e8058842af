//! A loopback port for the host's own user. On AWS a sandbox is alone with its Runtime API; a machine may have other users,
//! who must not take a function's work or answer for it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};

/// Where Linux lists the connections of IPv4, with the user of each end.
const CONNECTIONS: &str = "/proc/net/tcp";

/// A listener that closes the connections of other users.
pub(super) struct OwnUsers(TcpListener);

impl OwnUsers {
    /// Listens on a free port at once: who connects before anybody accepts has to wait.
    pub(super) fn bind() -> std::io::Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener).map(Self)
    }
}

impl Listener for OwnUsers {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let (connection, peer) = Listener::accept(&mut self.0).await;
            let connections = std::fs::read_to_string(CONNECTIONS).unwrap_or_default();
            let here = connection.local_addr().ok();
            let user = here.and_then(|here| user_of(&connections, peer, here));
            // A system that does not say whose it is has no other users, as in a container.
            if user.is_none_or(|user| user == rustix::process::geteuid().as_raw()) {
                return (connection, peer);
            }
            tracing::warn!(?user, "another user's process was turned away from a function's Runtime API");
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The user of the end `from` of a connection to `to`.
///
/// Source: `proc_pid_net(5)`: addresses are hexadecimal, an IPv4 address in the order of the machine's bytes; the eighth
/// column is the effective user of who made the socket.
fn user_of(connections: &str, from: SocketAddr, to: SocketAddr) -> Option<u32> {
    let (from, to) = (written(from)?, written(to)?);
    connections.lines().find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let is_it = columns.next()? == from && columns.next()? == to;
        is_it.then(|| columns.nth(4)?.parse().ok()).flatten()
    })
}

fn written(address: SocketAddr) -> Option<String> {
    let SocketAddr::V4(address) = address else { return None };
    Some(format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_the_one_of_the_connecting_end() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 20 4 30 10 -1
";
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        assert_eq!(user_of(table, at(50_000), at(8080)), Some(1000));
        assert_eq!(user_of(table, at(8080), at(50_000)), Some(0));
        assert_eq!(user_of(table, at(50_001), at(8080)), None);
        assert_eq!(user_of("", at(50_000), at(8080)), None);
    }

    #[tokio::test]
    async fn this_user_is_let_in() {
        let mut listener = OwnUsers::bind().unwrap();
        let address = Listener::local_addr(&listener).unwrap();
        let (connected, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (connected, accepted) = (connected.unwrap(), accepted.1);
        assert_eq!(connected.local_addr().unwrap(), accepted);
        let connections = std::fs::read_to_string(CONNECTIONS).unwrap();
        let user = user_of(&connections, accepted, address);
        assert_eq!(user, Some(rustix::process::geteuid().as_raw()), "Linux says whose connection it is");
    }
}
