//! What an agent does over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::host::Host;

/// An agent of the demo organization, signed in at a host.
pub(crate) struct Agent<'a> {
    host: &'a Host,
    token: String,
}

impl<'a> Agent<'a> {
    pub(crate) fn new(host: &'a Host, name: &str) -> anyhow::Result<Self> {
        Ok(Self { host, token: host.token(name)? })
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<()> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> anyhow::Result<()> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Moves a ticket to a state.
    pub(crate) async fn set(&self, number: u64, state: &str) -> anyhow::Result<()> {
        let path = format!("/api/v2/tickets/{number}/status");
        self.call(Method::PUT, &path, Some(json!({ "status": state }))).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<()> {
        let request = self.host.http.request(method, format!("{}{path}", self.host.api_url)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        anyhow::ensure!(status.is_success(), "{path} answered {status}: {text}");
        Ok(())
    }
}
