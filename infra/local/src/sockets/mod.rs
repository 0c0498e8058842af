//! The WebSocket API of API Gateway: clients that stay connected, functions that run for what they say, and
//! `@connections`, by which functions speak to them.
//!
//! | file | does |
//! |---|---|
//! | `handshake` | who may connect: throttle, authorizer, `$connect` |
//! | `session` | one open connection, from its first frame to its `$disconnect` |
//! | `messages` | what a message sets off, and what goes back |
//! | `connection`, `connections` | what is known of one connection; all of them by their ids |
//! | `event` | what functions are told |
//! | `authorizer`, `integration` | the two ways of asking a function |
//!
//! Must never keep a message: what is said to a client that is gone is lost, as on AWS, and ids die with the host.

mod authorizer;
mod connection;
mod connections;
mod descriptors;
mod event;
mod handshake;
mod ids;
mod integration;
mod limits;
mod messages;
mod session;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Instant};

use axum::http::{header, request::Parts};
use tokio::sync::watch;

use crate::{
    gateway::throttle::Throttles,
    lambda::Lambda,
    template::{SocketApi, SocketRoute},
};
use connections::Connections;
pub(crate) use connections::PostError;
pub(crate) use descriptors::raise_limit;
pub(crate) use limits::Limits;

/// The WebSocket API of the template and everybody who is connected to it.
pub(crate) struct Sockets {
    api: SocketApi,
    /// Where `@connections` answers, host and port: the `domainName` of events.
    domain: String,
    limits: Limits,
    throttles: Throttles,
    lambda: Arc<Lambda>,
    connections: Connections,
    /// Handshakes and connections that have not come to their end.
    alive: watch::Sender<usize>,
    stopping: watch::Receiver<bool>,
}

impl Sockets {
    /// `aws_url` is where `@connections` answers. Once `stopping` is true, every connection is closed.
    pub(crate) fn new(
        api: SocketApi,
        limits: Limits,
        lambda: Arc<Lambda>,
        aws_url: &str,
        stopping: watch::Receiver<bool>,
    ) -> Arc<Self> {
        Arc::new(Self {
            throttles: Throttles::new(api.throttle, api.route_throttles.clone()),
            domain: aws_url.trim_start_matches("http://").to_owned(),
            api,
            limits,
            lambda,
            connections: Connections::default(),
            alive: watch::Sender::new(0),
            stopping,
        })
    }

    /// Whether the request asks for a connection to this API: an upgrade, on the stage's path.
    pub(crate) fn takes(&self, request: &Parts) -> bool {
        let path = request.uri.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let upgrade = request.headers.get(header::UPGRADE);
        path.strip_prefix('/') == Some(self.api.stage.as_str())
            && upgrade.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
    }

    /// The API and its stage, as `@connections` names them.
    pub(crate) fn api(&self) -> &SocketApi {
        &self.api
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Resolves when the host stops and the last connection has come to its end.
    pub(crate) async fn closed(self: Arc<Self>) {
        let mut stopping = self.stopping.clone();
        // A host that is gone has stopped as well.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        let _ = self.alive.subscribe().wait_for(|alive| *alive == 0).await;
    }

    /// Counts the caller among what `closed` waits for.
    fn enter(self: &Arc<Self>) -> Alive {
        self.alive.send_modify(|alive| *alive += 1);
        Alive(Arc::clone(self))
    }

    fn route(&self, key: &str) -> Option<&SocketRoute> {
        self.api.routes.get(key)
    }

    fn admits(&self, route_key: &str) -> bool {
        self.throttles.admit(route_key, Instant::now())
    }
}

/// A handshake or a connection that goes on.
struct Alive(Arc<Sockets>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.send_modify(|alive| *alive -= 1);
    }
}
