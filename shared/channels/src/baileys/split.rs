//! Cuts what a Baileys service posts into units, however it wraps `messages.upsert`. Source: whatsapp.md §3.1–3.4.

use domain::ids::{ConnectionId, OrganizationId};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::baileys::jid;
use crate::unit::{Part, Source, Unit, Upsert};
use crate::{lenient, unreadable};

/// Bodies below this cannot hold a part that is too large for the queue.
const SMALL_BODY: usize = 100_000;

/// Events that carry messages, lower case with dots. Nothing else is put on the queue: presence and synchronisation events
/// are many, and some hold credentials.
const EVENTS: [&str; 4] = ["messages.upsert", "send.message", "message", "message.any"];

/// The deepest nesting of a message. A JSON reader gives up at 128, and a unit is deeper than the message in it.
const DEEPEST: usize = 100;

/// Bytes inlined in a message. Media are fetched by whoever wants them, and a thumbnail would cost more to store than all else.
const INLINED: [&str; 5] = ["base64", "jpegThumbnail", "pngThumbnail", "thumbnail", "highQualityThumbnail"];

/// A body cut into units.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// The units, in the body's order.
    pub units: Vec<Unit>,
    /// The name of the event when it is one that carries no messages; to be counted.
    pub ignored_event: Option<String>,
}

/// Cuts a body that the gateway of `connection` posted. Never fails.
pub fn split(org: &OrganizationId, connection: &ConnectionId, body: &[u8], received_at: Timestamp) -> Batch {
    let mut cut = Cut { parts: Vec::new(), own: Vec::new(), ignored_event: None, is_own_send: false };
    match lenient::read(body) {
        Ok(Value::Object(envelope)) => {
            cut.own = own(&envelope);
            cut.envelope(envelope);
        }
        Ok(Value::Array(messages)) => messages.into_iter().for_each(|message| cut.message(message, Upsert::Notify)),
        Ok(_) => cut.parts.push(unreadable::bytes("no_object", body)),
        Err(reason) => cut.parts.push(unreadable::bytes(reason, body)),
    }
    let source = Source::Baileys { org: org.clone(), connection: connection.clone() };
    let could_be_large = body.len() > SMALL_BODY;
    let unit = |part| Unit::new(source.clone(), received_at, part, could_be_large);
    Batch { units: cut.parts.into_iter().map(unit).collect(), ignored_event: cut.ignored_event }
}

struct Cut {
    parts: Vec<Part>,
    own: Vec<String>,
    ignored_event: Option<String>,
    /// The event says that our side wrote the messages, whether or not their keys do.
    is_own_send: bool,
}

impl Cut {
    /// The body: an event with its data, or the data itself.
    fn envelope(&mut self, mut envelope: Map<String, Value>) {
        let upsert = upsert(&envelope, Upsert::Notify);
        if let Some(event) = envelope.get("event").and_then(lenient::short) {
            let name = event.to_ascii_lowercase().replace('_', ".");
            if !EVENTS.contains(&name.as_str()) {
                self.ignored_event = Some(plain_name(&name));
                return;
            }
            self.is_own_send = name == "send.message";
        } else if !envelope.contains_key("data") {
            return self.data(Value::Object(envelope), upsert);
        }
        let data = envelope.remove("data").or_else(|| envelope.remove("payload")).unwrap_or_default();
        match data {
            Value::Array(items) => items.into_iter().for_each(|item| self.data(item, upsert)),
            Value::Null => {}
            data => self.data(data, upsert),
        }
    }

    /// `{messages, type}`, or a message.
    fn data(&mut self, data: Value, outer: Upsert) {
        match data {
            Value::Object(mut fields) if fields.contains_key("messages") => {
                let upsert = upsert(&fields, outer);
                let messages = lenient::list(fields.remove("messages").unwrap_or_default());
                for message in messages {
                    self.message(message, upsert);
                }
            }
            data => self.message(data, outer),
        }
    }

    fn message(&mut self, mut message: Value, upsert: Upsert) {
        if !message["key"].is_object() {
            self.parts.push(unreadable::value("message_without_key", &message));
        } else if message.get("update").is_some() && message.get("message").is_none() {
            // An element of `messages.update` posted bare: a change of a message, not a message.
            self.ignored_event = Some("messages.update".to_owned());
        } else {
            drop_inlined(&mut message);
            if self.is_own_send {
                message["key"]["fromMe"] = Value::Bool(true);
            }
            if lenient::is_deeper_than(&message, DEEPEST) {
                self.parts.push(unreadable::value("too_deep", &message));
                return;
            }
            self.parts.push(Part::BaileysMessage { message, upsert, own: self.own.clone() });
        }
    }
}

fn upsert(fields: &Map<String, Value>, otherwise: Upsert) -> Upsert {
    match fields.get("type").and_then(Value::as_str) {
        Some("append") => Upsert::Append,
        Some("notify") => Upsert::Notify,
        _ => otherwise,
    }
}

/// Our own side's JIDs, where gateways put them: Evolution's `sender`, `me` and `user` of others.
fn own(envelope: &Map<String, Value>) -> Vec<String> {
    let of = |name: &str| envelope.get(name).unwrap_or(&Value::Null);
    let (me, user) = (of("me"), of("user"));
    let places = [of("sender"), me, &me["id"], &me["jid"], &me["lid"], &user["id"], &user["jid"], &user["lid"]];
    let mut own: Vec<String> = Vec::new();
    for jid in places.into_iter().filter_map(lenient::text).filter(|text| jid::alias(text).is_some()) {
        if !own.iter().any(|known| known == jid) {
            own.push(jid.to_owned());
        }
    }
    own
}

fn plain_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    name.chars().take(60).map(plain).collect()
}

fn drop_inlined(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !INLINED.contains(&name.as_str()));
            fields.values_mut().for_each(drop_inlined);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_inlined),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
