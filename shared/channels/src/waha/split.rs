//! Cuts what WAHA posts into units: one event a body.

use domain::ids::{ConnectionId, OrganizationId};
use jiff::Timestamp;
use serde_json::Value;

use crate::gateway::{Batch, Cut, Gateway};
use crate::{calls, lenient};

/// Events that say something of a message. `message.waiting` does where the message never comes: else it comes again once it can be read.
const EVENTS: [&str; 10] = [
    "message",
    "message.any",
    "message.waiting",
    "message.reaction",
    "message.edited",
    "message.revoked",
    "message.ack",
    "message.ack.group",
    "poll.vote",
    "event.response",
];

/// Cuts a body that the WAHA server of `connection` posted. Never fails.
pub fn split(org: &OrganizationId, connection: &ConnectionId, body: &[u8], received_at: Timestamp) -> Batch {
    let mut cut = Cut::default();
    match lenient::read(body) {
        Ok(Value::Object(mut envelope)) => {
            let me = envelope.remove("me").unwrap_or_default();
            let own = ["id", "lid"].iter().filter_map(|name| lenient::short(&me[name])).collect();
            match envelope.get("event").and_then(lenient::short) {
                Some(event) if EVENTS.contains(&event.as_str()) => {
                    cut.event(Gateway::Waha, event, envelope.remove("payload").unwrap_or_default(), own);
                }
                Some(event) if calls::is_call(&event, envelope.get("payload").unwrap_or(&Value::Null)) => {
                    cut.event(Gateway::Waha, event, envelope.remove("payload").unwrap_or_default(), own);
                }
                Some(event) => cut.ignored(&event),
                None => cut.unreadable("no_event", &Value::Object(envelope)),
            }
        }
        Ok(_) => cut.broken("no_object", body),
        Err(reason) => cut.broken(reason, body),
    }
    cut.into_batch(org, connection, body.len(), received_at)
}
