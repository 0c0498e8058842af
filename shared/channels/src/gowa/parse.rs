//! What one GOWA event means.

use domain::alias::{Alias, AliasKind};
use domain::connection::{Connection, GroupPolicy};
use domain::delivery::{Delivery, DeliveryReport};
use domain::ids::ProviderMessageId;
use domain::message::{Content, Effect, InboundMessage, Sender};
use jiff::Timestamp;
use serde_json::Value;

use crate::amendment::{self, Told};
use crate::baileys::identity::Chat;
use crate::baileys::jid::{self, Jid};
use crate::gowa::{content, identity};
use crate::media::gateways;
use crate::observation::Observation;
use crate::{content as limits, gateway, lenient, moment};

/// An event of a device: something said, changed or delivered.
pub(crate) fn event(
    event: &str,
    payload: &Value,
    own: &[String],
    received_at: Timestamp,
    connection: &Connection,
) -> Observation {
    if event == "message.ack" {
        return ack(payload, received_at);
    }
    if event == "message.deleted" {
        return deleted(payload, own, connection);
    }
    let from_contact = !identity::is_from_me(payload, own);
    let silent = |kind: &str, text: Option<String>| Ok((kind.to_owned(), text, Effect::Silent));
    let said = match event {
        "message.reaction" => silent("reaction", lenient::text(&payload["reaction"]).map(str::to_owned)),
        "message.edited" => silent("edit", content::said(payload).ok().and_then(|said| said.1)),
        "message.revoked" => silent("revoke", None),
        _ => content::said(payload),
    };
    let (kind, text, effect) = match said {
        Ok(said) => said,
        Err(reason) => return Observation::nothing(reason),
    };
    let opens = event == "message" && from_contact;
    let sender = match identity::chat(payload, own) {
        Chat::Nobody => return Observation::nothing("broadcast"),
        Chat::Unknown => return Observation::inspect("no_sender"),
        Chat::Person(aliases) => {
            let name = from_contact.then(|| lenient::name(&payload["from_name"])).flatten();
            Sender { aliases, name, is_group: false }
        }
        Chat::Group(group) => match left_out(payload, from_contact, own, connection) {
            Some(reason) => return Observation::nothing(reason),
            None => Sender { aliases: vec![group], name: None, is_group: true },
        },
    };
    let plain = kind == "text" && payload["replied_to_id"].is_null() && !sender.is_group;
    let media = gateways::of_gowa(&kind, payload);
    let original = match event {
        "message.edited" => amendment::id(&[&payload["original_message_id"], &payload["edited_message_id"]]),
        "message.revoked" => amendment::id(&[&payload["revoked_message_id"]]),
        _ => None,
    };
    let said = Observation::Message(InboundMessage {
        provider_id: provider_id(event, payload, sender.is_group),
        sent_at: moment::moment(&payload["timestamp"]).unwrap_or(moment::UNKNOWN),
        sender,
        content: Content { kind, text, raw: (!plain).then(|| limits::raw(payload)), media, context: None },
        from_contact,
        effect: if opens { effect } else { Effect::Silent },
    });
    amendment::sure(original, said)
}

/// A message that our own side deleted for itself. The chat is named only where GOWA still had the message.
fn deleted(payload: &Value, own: &[String], connection: &Connection) -> Observation {
    let Some(original) = amendment::id(&[&payload["deleted_message_id"], &payload["id"]]) else {
        return Observation::inspect("change_without_id");
    };
    let named = own.iter().filter_map(|jid| jid::alias(jid));
    let own: Vec<Alias> = connection.own.iter().cloned().chain(named).collect();
    let chat = match lenient::text(&payload["chat_id"]).and_then(jid::read) {
        Some(Jid::Nobody) => Chat::Nobody,
        Some(Jid::Somebody(alias)) if alias.kind == AliasKind::Group => Chat::Group(alias),
        Some(Jid::Somebody(_)) => {
            Chat::person([&payload["chat_id"], &payload["chat_lid"]].into_iter().filter_map(lenient::text))
        }
        None => Chat::Unknown,
    };
    let (from_me, at) = (lenient::flag(&payload["was_from_me"]), moment::moment(&payload["timestamp"]));
    Told { kind: "revoke", text: None, original, id: Some(""), chat, from_me, at, whole: payload }.observation(&own)
}

/// The message's id. A deletion may come under the id of what it deletes, which must not hide it.
fn provider_id(event: &str, payload: &Value, is_group: bool) -> ProviderMessageId {
    let Some(id) = lenient::text(&payload["id"]) else { return gateway::id_of_content(payload) };
    let kind = if event == "message.revoked" { "revoke." } else { "" };
    match identity::participant(payload).filter(|_| is_group) {
        Some(participant) => ProviderMessageId::new(&format!("{kind}{id}.{}", participant.value)),
        None => ProviderMessageId::new(&format!("{kind}{id}")),
    }
}

/// Why a group's message is not taken, if it is not. GOWA lists no mentions: they stand in the text, as `@` and digits.
fn left_out(payload: &Value, from_contact: bool, own: &[String], connection: &Connection) -> Option<&'static str> {
    let is_for_us = || {
        let named = own.iter().filter_map(|jid| jid::alias(jid));
        let own: Vec<Alias> = connection.own.iter().cloned().chain(named).collect();
        let answered = lenient::text(&payload["quoted_from"]).and_then(jid::alias);
        gateway::is_named_in(lenient::text(&payload["body"]).unwrap_or_default(), &own)
            || answered.is_some_and(|alias| gateway::is_one_of(&alias, &own))
    };
    match connection.groups {
        GroupPolicy::Ignore => Some("group_ignored"),
        GroupPolicy::Mention if from_contact && !is_for_us() => Some("group_not_mentioned"),
        GroupPolicy::Mention | GroupPolicy::All => None,
    }
}

/// How far a message of ours came. Receipts of our own other devices say nothing of the contact.
fn ack(payload: &Value, received_at: Timestamp) -> Observation {
    let delivery = match lenient::text(&payload["receipt_type"]).unwrap_or_default() {
        "delivered" | "" => Delivery::Delivered,
        "read" => Delivery::Read,
        "played" => Delivery::Played,
        "sender" | "read-self" | "played-self" | "inactive" | "retry" | "peer_msg" | "hist_sync" => {
            return Observation::nothing("receipt_of_a_device");
        }
        _ => return Observation::inspect("unknown_status"),
    };
    let Some(id) = lenient::text(&payload["id"]) else { return Observation::inspect("status_without_id") };
    Observation::Delivery(DeliveryReport {
        provider_id: ProviderMessageId::new(id),
        callback: None,
        delivery,
        at: moment::moment(&payload["timestamp"]).unwrap_or(received_at),
        error: None,
    })
}

#[cfg(test)]
mod tests;
