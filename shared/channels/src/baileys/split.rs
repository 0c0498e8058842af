//! Cuts what a Baileys service posts into units, however it wraps `messages.upsert`. Source: docs/providers.md §3.1–3.4.

use domain::ids::{ConnectionId, OrganizationId};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::baileys::{event, jid};
use crate::gateway::{self, Batch, Gateway};
use crate::unit::{Part, Upsert};
use crate::{calls, lenient};

/// Events that carry messages, lower case with dots. Beside them only those of `UPDATES` are put on the queue: presence and
/// synchronisation events are many, and some hold credentials.
const EVENTS: [&str; 4] = ["messages.upsert", "send.message", "message", "message.any"];

/// Events that say how far messages came, or what became of them.
const UPDATES: [&str; 2] = ["messages.update", "message.update"];

/// Events that say that messages are edited or deleted.
const CHANGES: [&str; 4] = ["messages.edited", "message.edited", "messages.delete", "message.delete"];

/// Cuts a body that the gateway of `connection` posted. Never fails.
pub fn split(org: &OrganizationId, connection: &ConnectionId, body: &[u8], received_at: Timestamp) -> Batch {
    let mut cut = Cut { inner: gateway::Cut::default(), own: Vec::new(), is_own_send: false, files: Map::new() };
    match lenient::read(body) {
        Ok(Value::Object(mut envelope)) => {
            cut.own = own(&envelope);
            cut.files = files(&mut envelope);
            cut.envelope(envelope);
        }
        Ok(Value::Array(messages)) => messages.into_iter().for_each(|message| cut.message(message, Upsert::Notify)),
        Ok(_) => cut.inner.broken("no_object", body),
        Err(reason) => cut.inner.broken(reason, body),
    }
    cut.inner.into_batch(org, connection, body.len(), received_at)
}

struct Cut {
    inner: gateway::Cut,
    own: Vec<String>,
    /// The event says that our side wrote the messages, whether or not their keys do.
    is_own_send: bool,
    /// Files that stand beside their messages, by the messages' ids.
    files: Map<String, Value>,
}

impl Cut {
    /// The body: an event with its data, or the data itself.
    fn envelope(&mut self, mut envelope: Map<String, Value>) {
        let upsert = upsert(&envelope, Upsert::Notify);
        if let Some(event) = envelope.get("event").and_then(lenient::short) {
            let name = event.to_ascii_lowercase().replace('_', ".");
            if UPDATES.contains(&name.as_str()) {
                let data = envelope.remove("data").or_else(|| envelope.remove("payload")).unwrap_or_default();
                return lenient::list(data).into_iter().for_each(|update| self.update(update));
            }
            if CHANGES.contains(&name.as_str()) {
                let data = envelope.remove("data").or_else(|| envelope.remove("payload")).unwrap_or_default();
                return self.changes(&name, data);
            }
            if name == "call" {
                let data = envelope.remove("data").or_else(|| envelope.remove("payload")).unwrap_or_default();
                let calls = lenient::list(data).into_iter().filter(|call| calls::is_call(&name, call));
                return calls.for_each(|call| self.inner.message(call, None, |call| Part::BaileysCall { call }));
            }
            if !EVENTS.contains(&name.as_str()) {
                return self.inner.ignored(&name);
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
            self.inner.unreadable("message_without_key", &message);
        } else if message.get("update").is_some() && message.get("message").is_none() {
            // An element of `messages.update` posted bare: a change of a message, not a message.
            self.update(message);
        } else {
            if self.is_own_send {
                message["key"]["fromMe"] = Value::Bool(true);
            }
            let (own, id) = (self.own.clone(), lenient::text(&message["key"]["id"]).unwrap_or_default().to_owned());
            let file = self.files.get(&id).and_then(lenient::text);
            self.inner.message(message, file, |message| Part::BaileysMessage { message, upsert, own });
        }
    }

    /// Edits or deletions: one, a list, or the keys of what is deleted. Who clears a whole chat on the phone deletes nothing that anybody
    /// else sees, and names no message.
    fn changes(&mut self, name: &str, data: Value) {
        for mut one in lenient::list(data) {
            let keys = one.get_mut("keys").map(Value::take).filter(Value::is_array);
            match keys {
                Some(keys) => lenient::list(keys).into_iter().for_each(|key| self.change(name, json!({ "key": key }))),
                None if lenient::flag(&one["all"]) && one["key"].is_null() => self.inner.ignored("chat.cleared"),
                None => self.change(name, one),
            }
        }
    }

    fn change(&mut self, name: &str, change: Value) {
        self.inner.event(Gateway::Baileys, name.to_owned(), change, self.own.clone());
    }

    /// How far a message came, or another change of it, which `parse` leaves.
    fn update(&mut self, update: Value) {
        if event::is_change(&update) {
            self.change("messages.update", update);
        } else if update.is_object() {
            self.inner.message(update, None, |update| Part::BaileysUpdate { update });
        } else {
            self.inner.unreadable("update_is_no_object", &update);
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

/// The files that baileys-api puts at the end of its body: `extra.media`, Base64 by message.
fn files(envelope: &mut Map<String, Value>) -> Map<String, Value> {
    let media = envelope.get_mut("extra").and_then(|extra| extra.get_mut("media")).map(Value::take);
    match media {
        Some(Value::Object(files)) => files,
        _ => Map::new(),
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

#[cfg(test)]
mod tests;
