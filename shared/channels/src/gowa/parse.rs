//! What one GOWA event means.

use domain::alias::Alias;
use domain::connection::{Connection, GroupPolicy};
use domain::delivery::{Delivery, DeliveryReport};
use domain::ids::ProviderMessageId;
use domain::message::{Content, Effect, InboundMessage, Sender};
use jiff::Timestamp;
use serde_json::Value;

use crate::baileys::identity::Chat;
use crate::baileys::jid;
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
    let from_contact = !identity::is_from_me(payload, own);
    let said = match event {
        "message.reaction" => Ok(("reaction".to_owned(), lenient::text(&payload["reaction"]).map(str::to_owned))),
        "message.edited" => Ok(("edit".to_owned(), lenient::text(&payload["body"]).and_then(limits::words))),
        "message.revoked" => Ok(("revoke".to_owned(), None)),
        _ => content::said(payload),
    };
    let (kind, text) = match said {
        Ok(said) => said,
        Err(reason) => return Observation::nothing(reason),
    };
    let opens = event == "message" && from_contact;
    let sender = match identity::chat(payload, own) {
        Chat::Nobody => return Observation::nothing("broadcast"),
        Chat::Unknown => return Observation::inspect("no_sender"),
        Chat::Person(aliases) => {
            let name = from_contact.then(|| lenient::short(&payload["from_name"])).flatten();
            Sender { aliases, name, is_group: false }
        }
        Chat::Group(group) => match left_out(payload, from_contact, own, connection) {
            Some(reason) => return Observation::nothing(reason),
            None => Sender { aliases: vec![group], name: None, is_group: true },
        },
    };
    let plain = kind == "text" && payload["replied_to_id"].is_null() && !sender.is_group;
    let media = gateways::of_gowa(&kind, payload);
    Observation::Message(InboundMessage {
        provider_id: provider_id(event, payload, sender.is_group),
        sent_at: moment::moment(&payload["timestamp"]).unwrap_or(moment::UNKNOWN),
        sender,
        content: Content { kind, text, raw: (!plain).then(|| limits::raw(payload)), media, context: None },
        from_contact,
        effect: if opens { Effect::Opens } else { Effect::Silent },
    })
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
