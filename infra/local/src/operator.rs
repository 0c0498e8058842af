//! The running host's AWS endpoint as its operator calls it.

use std::path::Path;
use std::time::Duration;

use http::{Request, header, request};
use hyper::body::Bytes;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::data_dir::{DataDir, RunningHost, SECRETS};
use crate::error::HostError;
use crate::secrets;

/// How long a call may take that runs no function.
const LIMIT: Duration = Duration::from_secs(30);

/// A host that runs, and the key to it.
pub(crate) struct Operator {
    pub(crate) host: RunningHost,
    credential: String,
    client: Client,
}

impl Operator {
    /// The operator of the host that runs on this data directory.
    pub(crate) fn of(data: &Path) -> Result<Self, HostError> {
        let host = DataDir::running(data)?;
        let key = secrets::read_file(&data.join(SECRETS))?.operator.access_key_id;
        let credential = format!("AWS4-HMAC-SHA256 Credential={key}/local/us-east-1/any/aws4_request");
        Ok(Self { host, credential, client: Client::new() })
    }

    /// Reads what is at a path of the host's own.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, HostError> {
        self.within_limit(Request::get(self.url(path)), Bytes::new()).await
    }

    /// Calls a JSON service, such as `AmazonSQS.ListQueues`. The service's refusal is an error, in its words.
    pub(crate) async fn call(&self, target: &str, body: &Value) -> Result<Value, HostError> {
        let request = Request::post(self.url("/")).header("x-amz-target", target);
        let answer = self.within_limit(request, Bytes::from(body.to_string())).await?;
        let text: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() {
            return Ok(text);
        }
        let reason = text["message"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned);
        Err(HostError::Refused(format!("{target}: {reason}")))
    }

    /// Posts to a path. There is no limit of time: a function has its own.
    pub(crate) async fn post(&self, path: &str, body: Bytes) -> Result<Answer, HostError> {
        self.send(Request::post(self.url(path)), body).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.host.aws_url)
    }

    async fn within_limit(&self, request: request::Builder, body: Bytes) -> Result<Answer, HostError> {
        let silent =
            |_| HostError::Refused(format!("the host at {} did not answer within {LIMIT:?}", self.host.aws_url));
        tokio::time::timeout(LIMIT, self.send(request, body)).await.map_err(silent)?
    }

    async fn send(&self, request: request::Builder, body: Bytes) -> Result<Answer, HostError> {
        let request = request
            .header(header::AUTHORIZATION, &self.credential)
            .body(body)
            .map_err(|error| HostError::Refused(format!("{}: {error}", self.host.aws_url)))?;
        let url = || self.host.aws_url.clone();
        self.client.send(request).await.map_err(|source| HostError::NoAnswer { url: url(), source })
    }
}
