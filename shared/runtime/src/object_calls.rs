//! Signed calls of the object store through the HTTP client of the SDK, which is made when the first is sent: whoever sends none
//! pays for none.

use std::sync::OnceLock;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::{AggregatedBytes, ByteStream};
use http::Request;

use crate::Fatal;
use crate::clients::tls_context;

/// Why the store gave no answer.
pub(crate) enum Unanswered {
    /// It may give one later; with a fixed word.
    Now(&'static str),
    /// The request cannot be made.
    Malformed(Fatal),
}

/// The client.
#[derive(Debug, Default)]
pub(crate) struct ObjectCalls {
    connector: OnceLock<SharedHttpConnector>,
}

impl ObjectCalls {
    /// Sends a request. The answer's body may still be on its way.
    pub(crate) async fn sent(&self, request: Request<()>, body: SdkBody) -> Result<HttpResponse, Unanswered> {
        let request = request.map(|()| body).try_into();
        let request = request.map_err(|error| Unanswered::Malformed(Box::new(error)))?;
        self.connector()?.call(request).await.map_err(|_| Unanswered::Now("unreachable"))
    }

    fn connector(&self) -> Result<&SharedHttpConnector, Unanswered> {
        if let Some(made) = self.connector.get() {
            return Ok(made);
        }
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls_context().map_err(Unanswered::Malformed)?)
            .build();
        Ok(self.connector.get_or_init(|| SharedHttpConnector::new(connector)))
    }
}

/// The body of an answer.
pub(crate) async fn whole(answer: HttpResponse) -> Result<Vec<u8>, Unanswered> {
    let body = ByteStream::new(answer.into_body()).collect().await;
    body.map(AggregatedBytes::to_vec).map_err(|_| Unanswered::Now("broke off"))
}
