//! Webhooks as gateways write and prove them, for `say`. Source: docs/providers.md §3.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, header};
use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha512;

use crate::meta;

/// The number that the demo's gateways speak for.
const OWN: &str = "15550100003";

/// The request that carries a body to the webhook of a gateway of this kind, proven with its token or key.
pub(crate) fn request(api_url: &str, kind: &str, token: &str, body: Bytes) -> Result<Request<Bytes>, http::Error> {
    let request = Request::post(format!("{api_url}/webhook/{kind}")).header(header::CONTENT_TYPE, "application/json");
    match kind {
        "evolution" => request.header("apikey", token),
        "waha" => {
            request.header("x-webhook-hmac", hmac_sha512(token, &body)).header("x-webhook-hmac-algorithm", "sha512")
        }
        "gowa" => request.header("x-hub-signature-256", meta::signature(token, &body)),
        _ => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
    }
    .body(body)
}

/// A person's text as a gateway of this kind posts it.
pub(crate) fn body(kind: &str, from: &str, text: &str, name: &str, at: Timestamp) -> Value {
    let id = format!("3EB0{:018X}", fastrand::u128(..) >> 56);
    let message = json!({
        "key": { "remoteJid": format!("{from}@s.whatsapp.net"), "fromMe": false, "id": id },
        "messageTimestamp": at.as_second(),
        "pushName": name,
        "message": { "messageContextInfo": { "deviceListMetadataVersion": 2 }, "conversation": text },
    });
    match kind {
        "evolution" => json!({
            "event": "messages.upsert",
            "instance": "demo",
            "data": message,
            "date_time": at,
            "sender": format!("{OWN}@s.whatsapp.net"),
        }),
        "waha" => json!({
            "id": format!("evt_{id}").to_lowercase(),
            "timestamp": at.as_millisecond(),
            "event": "message",
            "session": "default",
            "me": { "id": format!("{OWN}@c.us") },
            "engine": "NOWEB",
            "payload": {
                "id": format!("false_{from}@c.us_{id}"),
                "timestamp": at.as_second(),
                "from": format!("{from}@c.us"),
                "fromMe": false,
                "body": text,
                "hasMedia": false,
                "_data": { "pushName": name },
            },
        }),
        "gowa" => json!({
            "event": "message",
            "device_id": format!("{OWN}@s.whatsapp.net"),
            "payload": {
                "id": id,
                "chat_id": format!("{from}@s.whatsapp.net"),
                "from": format!("{from}@s.whatsapp.net"),
                "from_name": name,
                "timestamp": at,
                "is_from_me": false,
                "body": text,
            },
        }),
        _ => json!({ "event": "messages.upsert", "data": { "type": "notify", "messages": [message] } }),
    }
}

fn hmac_sha512(key: &str, body: &[u8]) -> String {
    // HMAC takes a key of any length, so there is nothing that could fail.
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hmac_is_that_of_waha_s_documentation() {
        let body = br#"{"event":"message","session":"default","engine":"WEBJS"}"#;
        assert!(hmac_sha512("my-secret-key", body).starts_with("208f8a55dde9e05519e898b10b89bf0d"));
    }

    #[test]
    fn two_messages_of_one_gateway_have_ids_of_their_own() {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        for kind in crate::demo::GATEWAYS {
            let said = || body(kind, "77079861373", "Oi", "Maria", at);
            assert_ne!(said(), said(), "{kind}");
        }
    }
}
