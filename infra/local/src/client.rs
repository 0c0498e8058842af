//! The HTTP client of the host: plain HTTP with kept-alive connections, for the loopback alone. It knows no TLS.

use std::time::Duration;

use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A pool of connections; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Client(hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>);

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("no connection")]
    Send(#[source] hyper_util::client::legacy::Error),
    #[error("the answer broke off")]
    Body(#[source] hyper::Error),
}

impl Client {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        Self(hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends a request and reads the whole answer, whatever its status. Sets no time limit of its own.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Answer, ClientError> {
        let (head, body) = self.0.request(request.map(Full::new)).await.map_err(ClientError::Send)?.into_parts();
        let body = body.collect().await.map_err(ClientError::Body)?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}
