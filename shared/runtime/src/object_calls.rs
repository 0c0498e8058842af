//! Signed calls of the object store, over the connections of the SDK's clients.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::{AggregatedBytes, ByteStream};
use http::Request;

use crate::Fatal;
use crate::connector::Connector;

/// Why the store gave no answer.
pub(crate) enum Unanswered {
    /// It may give one later; with a fixed word.
    Now(&'static str),
    /// The request cannot be made.
    Malformed(Fatal),
}

/// Sends a request. The answer's body may still be on its way.
pub(crate) async fn sent(
    connector: &Connector,
    request: Request<()>,
    body: SdkBody,
) -> Result<HttpResponse, Unanswered> {
    let request = request.map(|()| body).try_into();
    let request = request.map_err(|error| Unanswered::Malformed(Box::new(error)))?;
    connector.send(request).await.map_err(|_| Unanswered::Now("unreachable"))
}

/// The body of an answer.
pub(crate) async fn whole(answer: HttpResponse) -> Result<Vec<u8>, Unanswered> {
    let body = ByteStream::new(answer.into_body()).collect().await;
    body.map(AggregatedBytes::to_vec).map_err(|_| Unanswered::Now("broke off"))
}
