//! What one WAHA event means.

use domain::alias::Alias;
use domain::connection::{Connection, GroupPolicy};
use domain::delivery::{Delivery, DeliveryError, DeliveryReport};
use domain::ids::ProviderMessageId;
use domain::message::{Content, Effect, InboundMessage, Sender};
use jiff::Timestamp;
use serde_json::Value;

use crate::amendment;
use crate::baileys::identity::Chat;
use crate::baileys::{jid, mention, update};
use crate::media::gateways;
use crate::observation::Observation;
use crate::waha::{content, identity};
use crate::{content as limits, gateway, lenient, moment};

/// An event of a session: something said, changed or delivered.
pub(crate) fn event(
    event: &str,
    payload: &Value,
    own: &[String],
    received_at: Timestamp,
    connection: &Connection,
) -> Observation {
    match event {
        "message.ack" | "message.ack.group" => return ack(payload, received_at),
        "message.revoked" => {
            let revoked = if payload["after"].is_object() { &payload["after"] } else { &payload["before"] };
            let original = lenient::text(&payload["revokedMessageId"]).or(lenient::text(&revoked["id"]));
            return amended(original, about(revoked, "revoke", None, original, payload, connection));
        }
        "message.edited" => {
            let original = lenient::text(&payload["editedMessageId"]);
            // A caption stands in the engine's own message alone.
            let engine_s = || content::said(payload).ok().and_then(|(_, text, _)| text);
            let text = lenient::text(&payload["body"]).map(str::to_owned).or_else(engine_s);
            return amended(original, about(payload, "edit", text.as_deref(), original, payload, connection));
        }
        "message.reaction" => {
            let reaction = &payload["reaction"];
            let original = lenient::text(&reaction["messageId"]);
            return about(payload, "reaction", lenient::text(&reaction["text"]), original, payload, connection);
        }
        "poll.vote" => {
            let vote = &payload["vote"];
            let chosen = vote["selectedOptions"].as_array().map_or(&[][..], Vec::as_slice);
            let chosen: Vec<&str> = chosen.iter().filter_map(lenient::text).collect();
            let original = lenient::text(&payload["poll"]["id"]);
            return about(vote, "poll_vote", Some(&chosen.join("\n")), original, payload, connection);
        }
        "event.response" => {
            let response = lenient::text(&payload["eventResponse"]["response"]);
            return about(payload, "event_response", response, None, payload, connection);
        }
        _ => {}
    }
    let from_contact = !identity::is_from_me(payload);
    let chat = identity::chat(payload);
    if chat == Chat::Nobody {
        return Observation::nothing("broadcast");
    }
    let (kind, text, effect) = match content::said(payload) {
        Ok((kind, ..)) if event == "message.waiting" && kind != "unsupported" => {
            return Observation::nothing("waiting");
        }
        Ok(said) => said,
        Err(reason) => return Observation::nothing(reason),
    };
    let sender = match chat {
        Chat::Person(aliases) => Sender { aliases, name: name(payload, from_contact), is_group: false },
        Chat::Group(group) => match left_out(payload, from_contact, own, connection) {
            Some(reason) => return Observation::nothing(reason),
            None => Sender { aliases: vec![group], name: None, is_group: true },
        },
        Chat::Nobody | Chat::Unknown => return Observation::inspect("no_sender"),
    };
    let effect = if from_contact { effect } else { Effect::Silent };
    let plain = kind == "text" && text.is_some() && payload["replyTo"].is_null() && !sender.is_group;
    let media = gateways::of_waha(&kind, payload);
    let content = Content { kind, text, raw: (!plain).then(|| limits::raw(payload)), media, context: None };
    let id = provider_id(payload, sender.is_group);
    // The message itself may still come under its id.
    let id = if content.kind == "unsupported" { ProviderMessageId::new(&format!("absent.{id}")) } else { id };
    message(payload, id, sender, content, from_contact, effect)
}

/// What became of a message, which is known by its bare id.
fn amended(original: Option<&str>, observation: Observation) -> Observation {
    let bare = original.map(|original| identity::message_id(original).map_or(original, |parts| parts.id));
    amendment::sure(bare, observation)
}

/// What is about another message: it is kept with the conversation and opens nothing.
fn about(
    subject: &Value,
    kind: &str,
    text: Option<&str>,
    original: Option<&str>,
    whole: &Value,
    connection: &Connection,
) -> Observation {
    let sender = match identity::chat(subject) {
        Chat::Nobody => return Observation::nothing("broadcast"),
        Chat::Group(_) if connection.groups != GroupPolicy::All => return Observation::nothing("group_not_mentioned"),
        Chat::Group(group) => Sender { aliases: vec![group], name: None, is_group: true },
        Chat::Person(aliases) => {
            let from_contact = !identity::is_from_me(subject);
            Sender { aliases, name: name(subject, from_contact), is_group: false }
        }
        Chat::Unknown => return Observation::inspect("no_sender"),
    };
    // Some engines give the changed message's own id: it must not be taken for the message itself.
    let id = provider_id(subject, sender.is_group);
    let bare = original.map(|original| identity::message_id(original).map_or(original, |parts| parts.id));
    let id = ProviderMessageId::new(&format!("{kind}.{}.{id}", bare.unwrap_or_default()));
    let text = text.and_then(limits::words);
    let content = Content { kind: kind.to_owned(), text, raw: Some(limits::raw(whole)), media: None, context: None };
    let from_contact = !identity::is_from_me(subject);
    message(subject, id, sender, content, from_contact, Effect::Silent)
}

fn message(
    payload: &Value,
    provider_id: ProviderMessageId,
    sender: Sender,
    content: Content,
    from_contact: bool,
    effect: Effect,
) -> Observation {
    let sent_at = moment::moment(&payload["timestamp"]).unwrap_or(moment::UNKNOWN);
    Observation::Message(InboundMessage { provider_id, sent_at, sender, content, from_contact, effect })
}

/// Why a group's message is not taken, if it is not. What our own side writes in a group is taken unless groups are ignored.
fn left_out(payload: &Value, from_contact: bool, own: &[String], connection: &Connection) -> Option<&'static str> {
    let is_for_us = || {
        let named = own.iter().filter_map(|jid| jid::alias(jid));
        let own: Vec<Alias> = connection.own.iter().cloned().chain(named).collect();
        let data = &payload["_data"];
        let inner = if data["message"].is_object() { &data["message"] } else { &data["Message"] };
        let mut places: Vec<&Value> = inner.as_object().into_iter().flat_map(|fields| fields.values()).collect();
        places.extend([inner, data, payload]);
        let listed = [&data["mentionedJidList"], &payload["mentionedIds"], &payload["mentions"]];
        let listed = listed.into_iter().filter_map(Value::as_array).flatten().filter_map(lenient::text);
        mention::is_for_us(&places, &own)
            || listed.filter_map(jid::alias).any(|alias| gateway::is_one_of(&alias, &own))
            || lenient::text(&payload["replyTo"]["participant"])
                .and_then(jid::alias)
                .is_some_and(|alias| gateway::is_one_of(&alias, &own))
            || gateway::is_named_in(lenient::text(&payload["body"]).unwrap_or_default(), &own)
    };
    match connection.groups {
        GroupPolicy::Ignore => Some("group_ignored"),
        GroupPolicy::Mention if from_contact && !is_for_us() => Some("group_not_mentioned"),
        GroupPolicy::Mention | GroupPolicy::All => None,
    }
}

/// The writer's own name, so on an echo it is ours and not the contact's.
fn name(payload: &Value, from_contact: bool) -> Option<String> {
    let data = &payload["_data"];
    let shown = [&data["pushName"], &data["notifyName"], &data["Info"]["PushName"], &payload["pushName"]];
    from_contact.then(|| shown.into_iter().find_map(lenient::name)).flatten()
}

/// The bare id of a message, as acknowledgements and answers to sending name it; in a group with the participant.
fn provider_id(payload: &Value, is_group: bool) -> ProviderMessageId {
    let Some(text) = lenient::text(&payload["id"]) else { return gateway::id_of_content(payload) };
    let bare = identity::message_id(text).map_or(text, |parts| parts.id);
    match identity::participant(payload).filter(|_| is_group) {
        Some(participant) => ProviderMessageId::new(&format!("{bare}.{}", participant.value)),
        None => ProviderMessageId::new(bare),
    }
}

/// How far a message of ours came: -1 error, 0 pending, 1 server, 2 device, 3 read, 4 played.
fn ack(payload: &Value, received_at: Timestamp) -> Observation {
    if !identity::is_from_me(payload) {
        return Observation::nothing("ack_of_theirs");
    }
    let delivery = match lenient::integer(&payload["ack"]) {
        Some(-1) => Delivery::Failed,
        Some(1) => Delivery::Sent,
        Some(2) => Delivery::Delivered,
        Some(3) => Delivery::Read,
        Some(4) => Delivery::Played,
        Some(0) => return Observation::nothing("ack_pending"),
        _ => return Observation::inspect("unknown_status"),
    };
    let Some(id) = lenient::text(&payload["id"]) else { return Observation::inspect("status_without_id") };
    let bare = identity::message_id(id).map_or(id, |parts| parts.id);
    Observation::Delivery(DeliveryReport {
        provider_id: ProviderMessageId::new(bare),
        callback: None,
        delivery,
        at: moment::moment(&payload["timestamp"]).unwrap_or(received_at),
        error: (delivery == Delivery::Failed).then(|| refusal(payload)),
    })
}

/// Why a message was refused, where WAHA or its engine says.
fn refusal(payload: &Value) -> DeliveryError {
    let data = &payload["_data"];
    let stubs =
        [&data["messageStubParameters"], &data["update"]["messageStubParameters"], &payload["messageStubParameters"]];
    let of_engine = stubs.into_iter().find(|stub| stub.is_array()).map(update::refusal);
    of_engine.unwrap_or_else(|| {
        let error = &payload["error"];
        let words = [error, &error["message"], &payload["errorMessage"]].into_iter().find_map(lenient::text);
        let code = [&error["code"], &payload["errorCode"]].into_iter().find_map(lenient::integer).unwrap_or(0);
        DeliveryError { code, details: words.map(|words| lenient::head(words, 500).to_owned()) }
    })
}

#[cfg(test)]
mod tests;
