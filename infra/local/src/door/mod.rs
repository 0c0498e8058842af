//! A listener's door: connections with time limits and a place each, for every server of the host.
//!
//! A connection that has asked for nothing yet, or is still being read, waits. When all places are taken, the one that has waited
//! longest makes room: who dribbles holds out nobody who speaks. A peer of another machine has a share of the places; the loopback,
//! where a proxy is, has them all.

mod crowd;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::{HeaderMap, Request, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crowd::Crowd;
pub(crate) use crowd::Seat;

/// What is read ahead of a connection.
const READ_AHEAD_BYTES: usize = 32 * 1024;
/// A pause where the system has no descriptor to give.
const PAUSE: Duration = Duration::from_millis(50);

/// What a door lets in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long the head of a request may take, and how long a connection may be silent before it.
    pub(crate) head: Duration,
    pub(crate) connections: usize,
    /// Of these, for one address of another machine.
    pub(crate) of_one_peer: usize,
}

/// Serves until `shutdown` resolves, then finishes the requests that it has accepted.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let crowd = Crowd::of(limits.connections, limits.of_one_peer);
    let (stop, stopping) = watch::channel(false);
    let mut served = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        while served.try_join_next().is_some() {}
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Only a delay is lost when the system refuses.
        let _ = stream.set_nodelay(true);
        if let Some(seat) = crowd.enter(peer.ip()) {
            served.spawn(connection(stream, peer, router.clone(), limits.head, seat, stopping.clone()));
        }
    }
    drop(listener);
    stop.send_replace(true);
    while served.join_next().await.is_some() {}
    Ok(())
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head: Duration,
    seat: Arc<Seat>,
    mut stopping: watch::Receiver<bool>,
) {
    let taken = Arc::clone(&seat);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (mut router, seat) = (router.clone(), Arc::clone(&seat));
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Arc::clone(&seat));
        async move {
            seat.speaks();
            let answer = tower::Service::call(&mut router, request.map(Body::new)).await;
            seat.waits();
            Ok::<Response, Infallible>(answer.unwrap_or_else(|never| match never {}))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(READ_AHEAD_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let gone = taken.gone();
    let mut gone = pin!(gone);
    let mut told = false;
    loop {
        tokio::select! {
            // How a client leaves is its own affair.
            _ = connection.as_mut() => return,
            () = &mut gone => return,
            _ = stopping.wait_for(|stopping| *stopping), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Whether a request names this machine. A page whose name leads here (DNS rebinding) names its own.
pub(crate) fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Some(authority) = host.to_str().ok().and_then(|host| host.parse::<http::uri::Authority>().ok()) else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[test]
    fn only_names_of_the_loopback_are_this_machine() {
        for (host, expected) in [
            ("127.0.0.1:4566", true),
            ("localhost", true),
            ("LOCALHOST:1", true),
            ("bucket.localhost:4566", true),
            ("[::1]:4566", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("evil.example", false),
            ("localhost.evil.example:4566", false),
            ("127.0.0.1.nip.io", false),
            ("192.168.0.7:4566", false),
            ("evil@127.0.0.1", true),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(names_this_machine(&headers), expected, "{host}");
        }
    }

    #[tokio::test]
    async fn a_crowd_that_dribbles_makes_room_for_who_speaks() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limits = Limits { head: Duration::from_mins(5), connections: 8, of_one_peer: 8 };
        let router = Router::new().route("/", get(|| async { "here" }));
        let server = tokio::spawn(serve(listener, router, limits, std::future::pending()));
        let mut crowd = Vec::new();
        for _ in 0..20 {
            let mut dribbler = TcpStream::connect(address).await.unwrap();
            // Those that had to go are gone.
            let _ = dribbler.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await;
            crowd.push(dribbler);
        }
        let mut honest = TcpStream::connect(address).await.unwrap();
        honest.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        honest.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        // The oldest was closed, the youngest is still there.
        let mut first = crowd.remove(0);
        assert!(!matches!(first.read(&mut [0; 1]).await, Ok(1..)));
        let last = crowd.last_mut().unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), last.read(&mut [0; 1])).await.is_err());
        server.abort();
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_to_its_end_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limits = Limits { head: Duration::from_millis(50), connections: 8, of_one_peer: 8 };
        let server = tokio::spawn(serve(listener, Router::new(), limits, std::future::pending()));
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let mut rest = Vec::new();
        tokio::time::timeout(Duration::from_mins(1), slow.read_to_end(&mut rest)).await.expect("it is closed").ok();
        server.abort();
    }
}
