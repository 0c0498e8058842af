//! Edits and deletions that Baileys services and Evolution tell by events of their own. Sources: WhiskeySockets/Baileys,
//! `src/Utils/process-message.ts` and `src/Types/Events.ts`; EvolutionAPI/evolution-api, `whatsapp.baileys.service.ts`.

use domain::alias::Alias;
use domain::connection::Connection;
use serde_json::{Value, json};

use crate::amendment::{self, Told};
use crate::baileys::identity::{self, Chat};
use crate::baileys::{content, jid};
use crate::lenient;
use crate::moment::moment;
use crate::observation::Observation;
use crate::words::first;

/// Whether an element of `messages.update` says more than how far a message came.
pub(crate) fn is_change(update: &Value) -> bool {
    let changed = changed(update);
    changed.get("message").is_some() || is_revoked(changed) || changed["editedMessage"].is_object()
}

/// What an event means: the key of a message, and what it is now.
pub(crate) fn event(event: &str, payload: &Value, own: &[String], connection: &Connection) -> Observation {
    let key = &payload["key"];
    let Some(original) = amendment::id(&[&key["id"], &payload["keyId"], &payload["id"], &payload["messageId"]]) else {
        return Observation::inspect("change_without_id");
    };
    let (kind, text, at) = match event {
        "messages.delete" | "message.delete" => ("revoke", None, moment(&payload["deletedAt"])),
        _ => match changed_to(event, payload) {
            Ok(change) => change,
            Err(reason) => return Observation::nothing(reason),
        },
    };
    let from_me = if key["fromMe"].is_null() { &payload["fromMe"] } else { &key["fromMe"] };
    let named = own.iter().filter_map(|jid| jid::alias(jid));
    let own: Vec<Alias> = connection.own.iter().cloned().chain(named).collect();
    let chat = chat(payload);
    let original = match (&chat, identity::participant(payload)) {
        (Chat::Group(_), Some(participant)) => format!("{original}.{}", participant.value),
        _ => original.to_owned(),
    };
    let own_id = lenient::text(&payload["update"]["key"]["id"]);
    let from_me = lenient::flag(from_me);
    Told { kind, text, original: &original, id: own_id, chat, from_me, at, whole: payload }.observation(&own)
}

type Change = (&'static str, Option<String>, Option<jiff::Timestamp>);

/// What became of a message: nothing is left of it, or other words stand there.
fn changed_to(event: &str, payload: &Value) -> Result<Change, &'static str> {
    let changed = changed(payload);
    let times =
        [&changed["messageTimestamp"], &changed["timestampMs"], &payload["timestampMs"], &payload["messageTimestamp"]];
    let at = times.into_iter().find_map(moment);
    let message = &changed["message"];
    if is_revoked(changed) || (message.is_null() && changed.get("message").is_some()) {
        return Ok(("revoke", None, at));
    }
    let is_update = event.ends_with(".update");
    let bare = json!({ "protocolMessage": changed });
    let held = if message.is_object() {
        message
    } else if changed["editedMessage"]["message"].is_object() {
        changed
    } else if is_update || changed["editedMessage"].is_object() || !changed["type"].is_null() {
        // `{key, type: 14, editedMessage: {…}}` is what a protocol message holds, without its name.
        &bare
    } else {
        let text = first(&[&changed["text"], &changed["body"], &changed["caption"]]);
        return text.map(|text| ("edit", Some(text), at)).ok_or("no_content");
    };
    let said = content::said_in(held)?;
    match said.kind.as_str() {
        "revoke" => Ok(("revoke", None, at)),
        "edit" => Ok(("edit", said.text, at)),
        // The same message once more, since its file was put up again.
        _ if is_update => Err("update_without_status"),
        _ => Ok(("edit", said.text, at)),
    }
}

/// Where an event says what changed: Baileys in `update`, Evolution in the event itself.
fn changed(payload: &Value) -> &Value {
    if payload["update"].is_object() { &payload["update"] } else { payload }
}

/// WhatsApp's stub of a message that was deleted.
fn is_revoked(changed: &Value) -> bool {
    lenient::integer(&changed["messageStubType"]) == Some(1) || changed["messageStubType"] == "REVOKE"
}

/// The chat that an event names.
fn chat(payload: &Value) -> Chat {
    match identity::chat(payload) {
        Chat::Unknown => identity::chat(&json!({ "key": payload })),
        chat => chat,
    }
}

/// The other side of the conversation that an event says it belongs to.
pub(crate) fn counterpart(payload: &Value) -> Option<Alias> {
    chat(payload).counterpart()
}

#[cfg(test)]
mod tests;
