//! The one way to AWS: connections over TLS that trust Amazon's roots alone, kept alive and shared by all clients.
//!
//! HTTP/1.1, which is what these services speak: the SDK's own client brings HTTP/2, proxies and the system's roots into every
//! binary (docs/adr/0004-cold-start.md).

use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, HttpConnector as Tcp, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::{Fatal, tls};

/// The longest that opening a connection may take. An attempt's own timeout covers the handshake.
const CONNECTING: Duration = Duration::from_secs(1);

/// The connector, which is also the SDK's HTTP client. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Connector(Client<HttpsConnector<Tcp>, SdkBody>);

impl Connector {
    /// Errors: roots that are none.
    pub fn new() -> Result<Self, Fatal> {
        let mut tcp = Tcp::new();
        tcp.set_connect_timeout(Some(CONNECTING));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let tls = HttpsConnector::from((tcp, tls::to_aws()?));
        Ok(Self(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(tls)))
    }

    /// Sends a request. The answer's body may still be on its way.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let mut request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let taken = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || Some(connection(&taken)));
        }
        // Whatever broke may hold the next time, so the SDK tries it again.
        let answer = self.0.request(request).await.map_err(|error| ConnectorError::io(error.into()))?;
        HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.send(request).await })
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// What the SDK closes a connection by, over which it got an answer that speaks of trouble.
fn connection(taken: &CaptureConnection) -> ConnectionMetadata {
    let taken = taken.clone();
    let poison = move || {
        if let Some(connected) = taken.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    ConnectionMetadata::builder().proxied(false).poison_fn(poison).build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that tells which of its connections a request came over, or hangs up; its address.
    async fn server(answers: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for number in 1.. {
                let (mut connection, _) = listener.accept().await.unwrap();
                let answer = format!("HTTP/1.1 200 OK\r\nnumber: {number}\r\ncontent-length: 0\r\n\r\n");
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    while connection.read(&mut request).await.is_ok_and(|read| read > 0) && answers {
                        connection.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        address
    }

    fn get(address: &str) -> HttpRequest {
        let mut request = HttpRequest::empty();
        request.set_uri(address).unwrap();
        request
    }

    /// Which connection a request came over, and what poisons it.
    async fn sent(connector: &Connector, address: &str) -> (u32, ConnectionMetadata) {
        let (mut request, capture) = (get(address), CaptureSmithyConnection::new());
        request.add_extension(capture.clone());
        let answer = connector.send(request).await.unwrap();
        (answer.headers().get("number").unwrap().parse().unwrap(), capture.get().unwrap())
    }

    #[tokio::test]
    async fn a_connection_is_used_again_until_it_is_poisoned() {
        let (connector, address) = (Connector::new().unwrap(), server(true).await);
        let mut seen = BTreeSet::new();
        // An answer can be here before its connection is back in the pool; then another is opened.
        let (number, connection) = loop {
            let (number, connection) = sent(&connector, &address).await;
            if !seen.insert(number) {
                break (number, connection);
            }
            assert!(seen.len() < 100, "no connection is ever used again");
        };
        connection.poison();
        for _ in 0..10 {
            assert_ne!(sent(&connector, &address).await.0, number);
        }
    }

    #[tokio::test]
    async fn what_breaks_is_worth_another_try() {
        let (connector, hangs_up) = (Connector::new().unwrap(), server(false).await);
        assert!(connector.send(get(&hangs_up)).await.unwrap_err().is_io());
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(connector.send(get(&format!("http://{closed}/"))).await.unwrap_err().is_io());
    }
}
