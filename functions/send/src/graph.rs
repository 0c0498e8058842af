//! Calls of Meta's Graph API, and of gateways.

use std::time::Duration;

use crate::files::{Broken, File};
use channels::cloud_api::outbound::{SendOutcome, answer};
use channels::sending::{Call, Speaks};
use domain::delivery::DeliveryError;
use runtime::Fatal;
use runtime::secrets::GatewayAccess;
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
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(runtime::tls::config()?)
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(2))
            .user_agent(concat!("turno/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, base })
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// What a path of the Graph API is in full.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// Reads an object or a list. Errors: the provider's code, 0 where it gave none.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)], token: &str) -> Result<Vec<u8>, Refused> {
        let unreachable = |_| Refused { code: 0, may_pass: true };
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let request = self.client.get(format!("{}/{path}?{query}", self.base)).bearer_auth(token);
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.map_err(unreachable)?;
        if status == 200 {
            return Ok(bytes.into());
        }
        Err(match answer(status, &bytes) {
            SendOutcome::Refused { error } => Refused { code: error.code, may_pass: false },
            SendOutcome::RetryLater { code, .. } => Refused { code, may_pass: true },
            SendOutcome::Accepted { .. } | SendOutcome::Unclear => Refused { code: 0, may_pass: true },
        })
    }

    /// Calls a gateway, with the file that the call has a place for: status and body, or what it means that there are none.
    pub(crate) async fn call(
        &self,
        speaks: Speaks,
        access: &GatewayAccess,
        call: &Call,
        file: Option<File>,
    ) -> Result<(u16, Vec<u8>), SendOutcome> {
        // A path names what somebody else chose: the key goes where it says and nowhere else.
        if !channels::path::stays(&call.path) {
            let details = Some("the message cannot be named to the gateway".to_owned());
            return Err(SendOutcome::Refused { error: DeliveryError { code: 0, details } });
        }
        let url = format!("{}{}", access.base_url.trim_end_matches('/'), call.path);
        let method = reqwest::Method::from_bytes(call.method.as_bytes()).unwrap_or(reqwest::Method::POST);
        let request = self.client.request(method, url);
        let (request, broken) = match (&call.file, file) {
            (Some(place), Some(file)) => file.placed(request, call, place),
            _ => (request.json(&call.body), Broken::default()),
        };
        let request = match speaks {
            Speaks::Baileys | Speaks::Waha => request.header("x-api-key", &access.api_key),
            Speaks::Evolution => request.header("apikey", &access.api_key),
            Speaks::Gowa => {
                let (user, password) = access.api_key.split_once(':').unwrap_or((&access.api_key, ""));
                request.basic_auth(user, Some(password)).header("x-device-id", &access.session)
            }
        };
        let response = match request.send().await {
            Ok(response) => response,
            // A key that no header can hold, or a URL that is none: it never left.
            Err(error) if error.is_connect() || error.is_builder() || broken.is_broken() => {
                return Err(SendOutcome::RetryLater { after: Duration::from_secs(1), code: 0 });
            }
            Err(_) => return Err(SendOutcome::Unclear),
        };
        let status = response.status().as_u16();
        match response.bytes().await {
            Ok(bytes) => Ok((status, bytes.into())),
            Err(_) => Err(SendOutcome::Unclear),
        }
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

/// A read that gave nothing.
pub(crate) struct Refused {
    /// The provider's code, 0 where it gave none.
    pub(crate) code: i64,
    /// Whether the same may succeed later.
    pub(crate) may_pass: bool,
}
