//! Secrets, read when first needed and kept for five minutes, so that a rotation is noticed without a deployment.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::clients::Clients;
use crate::clock;

/// How long a secret is used before it is read again.
const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// Why a secret cannot be used. The secret itself is never told.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager did not give it.
    #[error("the secret {name} cannot be read")]
    Unavailable {
        /// Its name.
        name: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is none of this name.
    #[error("there is no secret {name}")]
    Missing {
        /// Its name.
        name: String,
    },
    /// It is not the JSON that is expected.
    #[error("the secret {name} does not have the expected form")]
    Malformed {
        /// Its name.
        name: String,
    },
}

/// The secrets of the Meta apps and signing gateways that post to us, by the name in the webhook's path; `default` is the one
/// without a name.
#[derive(Debug, Clone, Deserialize)]
pub struct WhatsappApps {
    /// The apps.
    pub apps: HashMap<String, WhatsappApp>,
    /// The keys with which gateways sign, by kind (`waha`, `gowa`) and by the account in the webhook's path.
    #[serde(default)]
    pub gateways: HashMap<String, HashMap<String, GatewayKeys>>,
}

/// What a gateway signs with. Two keys are accepted during a rotation.
#[derive(Clone, Deserialize)]
pub struct GatewayKeys {
    /// The keys of the signatures.
    pub keys: Vec<String>,
}

impl std::fmt::Debug for GatewayKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GatewayKeys")
    }
}

/// One Meta app. Two of each are accepted during a rotation.
#[derive(Clone, Deserialize)]
pub struct WhatsappApp {
    /// App secrets, the keys of the signatures.
    pub app_secrets: Vec<String>,
    /// Verify tokens of the handshake.
    pub verify_tokens: Vec<String>,
}

impl std::fmt::Debug for WhatsappApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WhatsappApp")
    }
}

/// What a connection needs to send.
#[derive(Clone, Deserialize)]
pub struct ConnectionSecret {
    /// Access tokens of the Cloud API; the first is used, the others while it is refused.
    #[serde(default)]
    pub access_tokens: Vec<String>,
    /// The gateway behind the connection.
    #[serde(default)]
    pub gateway: Option<GatewayAccess>,
}

/// Where a gateway is, and what it takes to be let in.
#[derive(Clone, PartialEq, Deserialize)]
pub struct GatewayAccess {
    /// Which HTTP API it speaks: `baileys`, `evolution`, `waha` or `gowa`.
    pub kind: String,
    /// Its URL, without a slash at the end.
    pub base_url: String,
    /// Its key; of GOWA, user and password with a colon between.
    pub api_key: String,
    /// What it calls the account: a phone number, an instance, a session or a device.
    #[serde(default)]
    pub session: String,
}

/// Reads secrets and keeps them for a while.
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    kept: Mutex<HashMap<String, (Timestamp, String)>>,
}

impl Secrets {
    /// A cache that is empty.
    pub fn new(clients: &Clients) -> Self {
        Self { client: clients.secrets(), kept: Mutex::new(HashMap::new()) }
    }

    /// The secrets of the Meta apps. `name` is a name or an ARN.
    pub async fn whatsapp_apps(&self, name: &str) -> Result<WhatsappApps, SecretError> {
        self.json(name).await
    }

    /// Forgets a secret: the next question reads it anew.
    pub(crate) fn forget(&self, name: &str) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// The secret of a connection.
    pub(crate) async fn connection(&self, name: &str) -> Result<ConnectionSecret, SecretError> {
        self.json(name).await
    }

    async fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, SecretError> {
        let text = self.text(name).await?;
        serde_json::from_str(&text).map_err(|_| SecretError::Malformed { name: name.to_owned() })
    }

    async fn text(&self, name: &str) -> Result<String, SecretError> {
        let now = clock::now();
        {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((read_at, text)) = kept.get(name)
                && now.duration_since(*read_at) < KEPT
            {
                return Ok(text.clone());
            }
        }
        let answer = self.client.get_secret_value().secret_id(name).send().await;
        let unavailable = |source| SecretError::Unavailable { name: name.to_owned(), source };
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(refused) if refused.is_resource_not_found_exception() => {
                SecretError::Missing { name: name.to_owned() }
            }
            _ => unavailable(Box::new(error)),
        })?;
        let text = answer.secret_string.ok_or_else(|| SecretError::Malformed { name: name.to_owned() })?;
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), (now, text.clone()));
        Ok(text)
    }
}
