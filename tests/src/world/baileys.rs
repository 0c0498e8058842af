//! Bodies as a Baileys service posts them. Source: docs/providers.md §3.

use serde_json::{Value, json};

use super::people;

/// The bearer token of the demo's gateway.
pub(crate) const TOKEN: &str = "demo-gateway-token";
/// The number that the gateway speaks for.
pub(crate) const OWN: &str = "15550100003@s.whatsapp.net";

/// A message of a person with this content.
pub(crate) fn message(from: &str, id: &str, content: &Value) -> Value {
    json!({
        "key": { "remoteJid": format!("{from}@s.whatsapp.net"), "fromMe": false, "id": id },
        "messageTimestamp": runtime::clock::now().as_second(),
        "pushName": people::NAME,
        "message": content,
    })
}

/// `messages.upsert`; `kind` is `notify` or `append`.
pub(crate) fn upsert(kind: &str, messages: &[Value]) -> Value {
    json!({ "event": "messages.upsert", "data": { "type": kind, "messages": messages } })
}
