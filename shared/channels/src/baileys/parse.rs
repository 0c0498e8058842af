//! What one Baileys message means.

use domain::alias::Alias;
use domain::connection::{Connection, GroupPolicy};
use domain::ids::ProviderMessageId;
use domain::message::{Content, Effect, InboundMessage, Sender};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::baileys::content::{self, Presence, Said};
use crate::baileys::identity::{self, Chat};
use crate::baileys::{jid, mention};
use crate::media::gateways;
use crate::moment::{self, moment};
use crate::observation::Observation;
use crate::unit::Upsert;
use crate::{content as limits, lenient};

/// A replay older than this is history. Younger ones are what customers wrote while the gateway was away, and open tickets.
const OLDEST_REPLAY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A message of a chat: written by the contact, by somebody in a group, or by our side on the phone.
pub(crate) fn message(
    message: &Value,
    upsert: Upsert,
    own: &[String],
    received_at: Timestamp,
    connection: &Connection,
) -> Observation {
    let from_contact = !lenient::flag(&message["key"]["fromMe"]);
    let chat = identity::chat(message);
    if chat == Chat::Nobody {
        return Observation::nothing("broadcast");
    }
    let said = match content::said(message) {
        Ok(said) => said,
        Err(reason) => return Observation::nothing(reason),
    };
    let sender = match chat {
        Chat::Person(aliases) => Sender { aliases, name: shown_name(message, from_contact), is_group: false },
        Chat::Group(group) => match left_out(message, &said, from_contact, own, connection) {
            Some(reason) => return Observation::nothing(reason),
            // The name that comes along is the participant's and not the group's.
            None => Sender { aliases: vec![group], name: None, is_group: true },
        },
        Chat::Nobody | Chat::Unknown => return Observation::inspect("no_sender"),
    };
    let sent_at = moment(&message["messageTimestamp"]);
    let is_history =
        upsert == Upsert::Append && sent_at.is_none_or(|at| received_at.duration_since(at) > OLDEST_REPLAY);
    let effect = if from_contact && !is_history { said.effect } else { Effect::Silent };
    Observation::Message(InboundMessage {
        provider_id: provider_id(message, said.presence, sender.is_group),
        sent_at: sent_at.unwrap_or(moment::UNKNOWN),
        content: stored(message, said, sender.is_group),
        sender,
        from_contact,
        effect,
    })
}

/// Why a group's message is not taken, if it is not. What our own side writes in a group is taken unless groups are ignored.
fn left_out(
    message: &Value,
    said: &Said<'_>,
    from_contact: bool,
    own: &[String],
    connection: &Connection,
) -> Option<&'static str> {
    let is_for_us = || {
        let named = own.iter().filter_map(|jid| jid::alias(jid));
        let own: Vec<Alias> = connection.own.iter().cloned().chain(named).collect();
        mention::is_for_us(&[said.body, message, &message["message"]], &own)
    };
    match connection.groups {
        GroupPolicy::Ignore => Some("group_ignored"),
        GroupPolicy::Mention if from_contact && !is_for_us() => Some("group_not_mentioned"),
        GroupPolicy::Mention | GroupPolicy::All => None,
    }
}

/// `pushName` is the writer's own, so on an echo it is ours and not the contact's.
fn shown_name(message: &Value, from_contact: bool) -> Option<String> {
    from_contact.then(|| lenient::name(&message["pushName"])).flatten()
}

/// The key's id. In a group two participants may choose the same one, so there the participant is part of it. The news of a message that
/// did not come has an id of its own, since the message may still come under this one.
fn provider_id(message: &Value, presence: Presence, is_group: bool) -> ProviderMessageId {
    let Some(id) = lenient::text(&message["key"]["id"]) else {
        return ProviderMessageId::new(&format!("none.{}", hex::encode(Sha256::digest(message.to_string()))));
    };
    let id = match presence {
        Presence::Here => id.to_owned(),
        Presence::Absent => format!("absent.{id}"),
    };
    match identity::participant(message).filter(|_| is_group) {
        Some(participant) => ProviderMessageId::new(&format!("{id}.{}", participant.value)),
        None => ProviderMessageId::new(&id),
    }
}

/// The message as it is stored: the provider's JSON beside everything but plain text, and beside a group's text who wrote it.
fn stored(message: &Value, said: Said<'_>, is_group: bool) -> Content {
    let plain = said.kind == "text" && said.text.is_some();
    let raw = match (plain, is_group) {
        (false, _) => Some(limits::raw(message)),
        (true, true) => Some(limits::raw(&json!({ "key": message["key"], "pushName": message["pushName"] }))),
        (true, false) => None,
    };
    let media = gateways::of_baileys(&said.kind, said.body);
    Content { kind: said.kind, text: said.text, raw, media, context: None }
}

#[cfg(test)]
mod tests;
