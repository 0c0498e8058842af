//! Bodies as Meta's Cloud API posts them, and how it signs them.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use runtime::clock;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::host::Host;

/// The demo's first connection, by its `phone_number_id`.
pub(crate) const COMERCIAL: &str = "100000000000001";
/// The demo's second connection.
pub(crate) const SUPORTE: &str = "100000000000002";
/// The demo's app secret.
const APP_SECRET: &[u8] = b"demo-app-secret";

/// A signed body, ready to be posted.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) body: String,
    pub(crate) signature: String,
}

/// The phone number of the `n`th person. None of those that the simulator treats in its own way.
pub(crate) fn phone(n: u64) -> String {
    format!("5571{n:08}1")
}

/// A text of an ordinary length, written now.
pub(crate) fn text(connection: &str, from: &str) -> Signed {
    let id = format!("wamid.{:032X}", fastrand::u128(..));
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550100000", "phone_number_id": connection },
        "contacts": [{ "profile": { "name": "Pessoa Inventada" }, "wa_id": from }],
        "messages": [{
            "from": from,
            "id": id,
            "timestamp": clock::now().as_second().to_string(),
            "type": "text",
            "text": { "body": "Olá, meu pedido ainda não chegou. Podem verificar onde está, por favor?" },
        }],
    });
    sign(&json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "100000000000009", "changes": [{ "field": "messages", "value": value }] }],
    }))
}

/// The same message of the provider, by its id, in a body that the queue does not take for the same.
pub(crate) fn again(signed: &Signed) -> anyhow::Result<Signed> {
    let mut body: Value = serde_json::from_str(&signed.body)?;
    body["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] = json!("Pessoa Repetida");
    Ok(sign(&body))
}

fn sign(body: &Value) -> Signed {
    let body = body.to_string();
    // A key of any length is a key of this function.
    let signature = Hmac::<Sha256>::new_from_slice(APP_SECRET).map(|mut mac| {
        mac.update(body.as_bytes());
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    });
    Signed { body, signature: signature.unwrap_or_default() }
}

impl Host {
    /// Posts a body to the webhook, which must take it.
    pub(crate) async fn post(&self, signed: Signed) -> anyhow::Result<()> {
        let request = self.http.post(format!("{}/webhook/whatsapp", self.api_url));
        let request =
            request.header("content-type", "application/json").header("x-hub-signature-256", signed.signature);
        let status = request.body(signed.body).send().await?.status();
        anyhow::ensure!(status == StatusCode::OK, "the webhook answered {status}");
        Ok(())
    }
}
