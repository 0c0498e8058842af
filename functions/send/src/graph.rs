//! Calls of Meta's Graph API.

use std::time::Duration;

use channels::cloud_api::outbound::{SendOutcome, answer};
use runtime::Fatal;
use serde_json::Value;

/// Below the function's own timeout, so that a slow provider is told from a crash of ours.
const TIMEOUT: Duration = Duration::from_secs(7);

/// The Graph API at one base URL, such as `https://graph.facebook.com/v25.0`.
pub(crate) struct Graph {
    client: reqwest::Client,
    base: String,
}

impl Graph {
    pub(crate) fn new(base: String) -> Result<Self, Fatal> {
        // A second call finds the provider installed, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(2))
            .user_agent(concat!("turno/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, base })
    }

    /// Posts a message. Whatever happens is an outcome: only where the request surely never left may it be sent again.
    pub(crate) async fn post(&self, phone_number_id: &str, token: &str, body: &Value) -> SendOutcome {
        let url = format!("{}/{phone_number_id}/messages", self.base);
        let response = match self.client.post(url).bearer_auth(token).json(body).send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return SendOutcome::RetryLater { after: Duration::from_secs(1), code: 0 };
            }
            Err(_) => return SendOutcome::Unclear,
        };
        let status = response.status().as_u16();
        match response.bytes().await {
            Ok(bytes) => answer(status, &bytes),
            Err(_) => SendOutcome::Unclear,
        }
    }
}
