//! The one way to AWS: connections over TLS that trust Amazon's roots alone, kept alive and shared by all clients.

use std::time::Duration;

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector as _, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::Fatal;

/// Amazon Trust Services' roots. How to refresh them: docs/operations.md.
static ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// The longest that opening a connection may take.
const CONNECTING: Duration = Duration::from_secs(1);

/// The connector, which is also the SDK's HTTP client. Clones share its connections.
///
/// The SDK's own client makes a connector for every client that it is given to, only to see that it can, and another for each
/// combination of timeouts: 250,000 instructions every time, most of them to read the roots.
#[derive(Debug, Clone)]
pub struct Connector(SharedHttpConnector);

impl Connector {
    /// Errors: roots that are none.
    pub fn new() -> Result<Self, Fatal> {
        let roots = TrustStore::empty().with_pem_certificate(ROOTS);
        let connector = aws_smithy_http_client::Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(TlsContext::builder().with_trust_store(roots).build()?)
            .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECTING).build())
            .build();
        Ok(Self(SharedHttpConnector::new(connector)))
    }

    /// Sends a request. The answer's body may still be on its way.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.0.call(request).await
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.0.clone()
    }
}
