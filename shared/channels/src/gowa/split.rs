//! Cuts what GOWA posts into units: one event a body, but an acknowledgement for each message that it names.

use domain::ids::{ConnectionId, OrganizationId};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::gateway::{Batch, Cut, Gateway};
use crate::{calls, lenient};

/// Events that say something of a message.
const EVENTS: [&str; 6] =
    ["message", "message.reaction", "message.edited", "message.revoked", "message.deleted", "message.ack"];

/// Cuts a body that the GOWA server of `connection` posted. Never fails.
pub fn split(org: &OrganizationId, connection: &ConnectionId, body: &[u8], received_at: Timestamp) -> Batch {
    let mut cut = Cut::default();
    match lenient::read(body) {
        Ok(Value::Object(envelope)) => cut_event(&mut cut, envelope),
        Ok(_) => cut.broken("no_object", body),
        Err(reason) => cut.broken(reason, body),
    }
    cut.into_batch(org, connection, body.len(), received_at)
}

fn cut_event(cut: &mut Cut, mut envelope: Map<String, Value>) {
    let own: Vec<String> = envelope.get("device_id").and_then(lenient::short).into_iter().collect();
    let Some(event) = envelope.get("event").and_then(lenient::short).map(|event| event.to_ascii_lowercase()) else {
        return cut.unreadable("no_event", &Value::Object(envelope));
    };
    let mut payload = envelope.remove("payload").unwrap_or_default();
    if calls::is_call(&event, &payload) {
        if payload["timestamp"].is_null() {
            payload["timestamp"] = envelope.remove("timestamp").unwrap_or_default();
        }
        return cut.event(Gateway::Gowa, event, payload, own);
    }
    if !EVENTS.contains(&event.as_str()) {
        return cut.ignored(&event);
    }
    if event != "message.ack" {
        return cut.event(Gateway::Gowa, event, payload, own);
    }
    if payload["timestamp"].is_null() && payload.is_object() {
        payload["timestamp"] = envelope.remove("timestamp").unwrap_or_default();
    }
    let ids = payload.get_mut("ids").map(Value::take).unwrap_or_default();
    for id in lenient::list(ids) {
        let mut one = payload.clone();
        one["id"] = id;
        cut.event(Gateway::Gowa, event.clone(), one, own.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::unit::{Part, Unit};

    fn names(body: &Value) -> Vec<String> {
        let (org, id) = (OrganizationId::new("o").unwrap(), ConnectionId::new("c").unwrap());
        let batch = split(&org, &id, body.to_string().as_bytes(), Timestamp::UNIX_EPOCH);
        let name = |unit: &Unit| match &unit.part {
            Part::GatewayEvent { event, payload, .. } => format!("{event} {}", payload["id"]),
            Part::Unreadable { reason, .. } => reason.clone(),
            other => panic!("{other:?}"),
        };
        batch.units.iter().map(name).chain(batch.ignored_event.map(|event| format!("ignored {event}"))).collect()
    }

    #[test]
    fn a_body_gives_its_event_and_an_acknowledgement_each_of_its_messages() {
        let ack = json!({ "ids": ["A", "B"], "receipt_type": "read" });
        assert_eq!(names(&json!({ "event": "message", "payload": { "id": "A" } })), ["message \"A\""]);
        let expected = ["message.ack \"A\"", "message.ack \"B\""];
        assert_eq!(names(&json!({ "event": "message.ack", "payload": ack })), expected);
        assert_eq!(names(&json!({ "event": "call.offer", "payload": {} })), ["ignored call.offer"]);
        assert_eq!(names(&json!({ "event": "message", "payload": 5 })), ["payload_is_no_object"]);
        assert_eq!(names(&json!({ "event": "message.ack", "payload": 5 })), [""; 0]);
        assert_eq!(names(&json!({ "payload": {} })), ["no_event"]);
        assert_eq!(names(&json!([])), ["no_object"]);
    }
}
