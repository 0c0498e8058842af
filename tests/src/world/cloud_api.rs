//! Bodies as Meta's Cloud API posts them. Source: docs/providers.md §1.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::people;

/// The demo's first connection, by its `phone_number_id`; its tickets wait in `sales`.
pub(crate) const COMERCIAL: &str = "100000000000001";
/// The demo's second connection; its tickets wait in `support`.
pub(crate) const SUPORTE: &str = "100000000000002";
/// The demo's app secret.
pub(crate) const APP_SECRET: &str = "demo-app-secret";

/// An element of `messages`, written now.
pub(crate) fn text(from: &str, id: &str, body: &str) -> Value {
    let at = runtime::clock::now().as_second().to_string();
    json!({ "from": from, "id": id, "timestamp": at, "type": "text", "text": { "body": body } })
}

/// A change with these messages and the contacts that wrote them.
pub(crate) fn messages(number: &str, messages: &[Value]) -> Value {
    let contact = |message: &Value| json!({ "wa_id": message["from"], "profile": { "name": people::NAME } });
    let contacts: Vec<Value> = messages.iter().filter(|message| message.is_object()).map(contact).collect();
    change(number, json!({ "contacts": contacts, "messages": messages }))
}

/// A change that reports the delivery state of a message that we sent.
pub(crate) fn status(number: &str, id: &Value, status: &str, to: &str) -> Value {
    let at = runtime::clock::now().as_second().to_string();
    let mut report = json!({ "id": id, "status": status, "timestamp": at, "recipient_id": to });
    if status == "failed" {
        report["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    }
    change(number, json!({ "statuses": [report] }))
}

fn change(number: &str, mut value: Value) -> Value {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({ "display_phone_number": "15550100000", "phone_number_id": number });
    json!({ "field": "messages", "value": value })
}

/// A body with one entry.
pub(crate) fn body(changes: &[Value]) -> Value {
    entries(&[json!({ "id": "100000000000009", "changes": changes })])
}

/// A body.
pub(crate) fn entries(entries: &[Value]) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": entries })
}

/// `X-Hub-Signature-256` of these bytes.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
