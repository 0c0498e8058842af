//! What one Cloud API message, echo or status means.

use domain::alias::Alias;
use domain::connection::{Connection, GroupPolicy};
use domain::delivery::{Delivery, DeliveryError, DeliveryReport};
use domain::ids::ProviderMessageId;
use domain::message::{Effect, InboundMessage, Sender};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::cloud_api::{content, history, identity, system};
use crate::lenient;
use crate::moment::{self, moment};
use crate::observation::Observation;
use crate::unit::CloudContact;

/// A message that somebody wrote to us.
pub(crate) fn message(
    message: &Value,
    contact: Option<&CloudContact>,
    own_number: Option<&str>,
    connection: &Connection,
) -> Observation {
    let sender = match identity::group(message) {
        Some(group) => {
            if let Some(reason) = left_out(message, own_number, connection) {
                return Observation::nothing(reason);
            }
            Sender { aliases: vec![group], name: None, is_group: true }
        }
        None if content::kind(message) == "system" => {
            Sender { aliases: system::identities(message, contact), name: name(contact), is_group: false }
        }
        None => Sender { aliases: identity::writer(message, contact), name: name(contact), is_group: false },
    };
    said(message, sender, true)
}

/// A message from before the number was connected. It is kept where it belongs and opens nothing.
pub(crate) fn history(message: &Value, thread: &str, own_number: Option<&str>) -> Observation {
    let Some(other) = identity::alias(thread) else { return Observation::inspect("no_sender") };
    let from_contact = history::is_from_contact(message, &other, own_number);
    let sender = Sender { aliases: vec![other], name: None, is_group: false };
    match said(message, sender, from_contact) {
        Observation::Message(said) => Observation::Message(InboundMessage { effect: Effect::Silent, ..said }),
        other => other,
    }
}

/// A message that our side wrote in the phone app. It opens nothing, not even the 24-hour window.
pub(crate) fn echo(echo: &Value, contact: Option<&CloudContact>, own_number: Option<&str>) -> Observation {
    let sender = match identity::group(echo) {
        Some(group) => Sender { aliases: vec![group], name: None, is_group: true },
        None => {
            Sender { aliases: identity::addressee(echo, contact, own_number), name: name(contact), is_group: false }
        }
    };
    said(echo, sender, false)
}

fn said(message: &Value, sender: Sender, from_contact: bool) -> Observation {
    if sender.aliases.is_empty() {
        return Observation::inspect("no_sender");
    }
    let content = content::content(message);
    let effect = if from_contact { content::effect(&content.kind) } else { Effect::Silent };
    Observation::Message(InboundMessage {
        provider_id: provider_id(message),
        sent_at: moment(&message["timestamp"]).unwrap_or(moment::UNKNOWN),
        sender,
        content,
        from_contact,
        effect,
    })
}

/// The `wamid`. A message without one still says something: it is known by a digest of itself, the same on each delivery.
fn provider_id(message: &Value) -> ProviderMessageId {
    match lenient::text(&message["id"]) {
        Some(id) => ProviderMessageId::new(id),
        None => ProviderMessageId::new(&format!("none.{}", hex::encode(Sha256::digest(message.to_string())))),
    }
}

fn name(contact: Option<&CloudContact>) -> Option<String> {
    contact.and_then(|contact| lenient::name(&contact.name.as_deref()?.into()))
}

/// Why a group's message is not taken, if it is not.
///
/// The Cloud API has no list of mentions: a message mentions us when its text holds `@` and our number, and answers us when
/// its context names it.
fn left_out(message: &Value, own_number: Option<&str>, connection: &Connection) -> Option<&'static str> {
    let mentions_us = || {
        let display = own_number.and_then(identity::alias);
        let own: Vec<String> = connection.own.iter().chain(&display).map(Alias::match_key).collect();
        let answered = lenient::short(&message["context"]["from"]).and_then(|id| identity::alias(&id));
        answered.is_some_and(|alias| own.contains(&alias.match_key()))
            || own.iter().any(|key| mentioned(lenient::text(&message["text"]["body"]).unwrap_or_default(), key))
    };
    match connection.groups {
        GroupPolicy::All => None,
        GroupPolicy::Mention if mentions_us() => None,
        GroupPolicy::Mention => Some("group_not_mentioned"),
        GroupPolicy::Ignore => Some("group_ignored"),
    }
}

/// Whether `text` holds `@` followed by exactly the digits that have this match key.
fn mentioned(text: &str, own_key: &str) -> bool {
    text.split('@').skip(1).any(|after| {
        let digits = after.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        identity::alias(digits).is_some_and(|alias| alias.match_key() == own_key)
    })
}

/// A report about a message that we sent. Its time is the provider's, or that of receipt where the provider gives none: a
/// report is told apart by its state and not by its time.
pub(crate) fn status(status: &Value, received_at: Timestamp) -> Observation {
    let delivery = match lenient::text(&status["status"]).unwrap_or_default() {
        "sent" => Delivery::Sent,
        "delivered" => Delivery::Delivered,
        "read" => Delivery::Read,
        "played" => Delivery::Played,
        "failed" => Delivery::Failed,
        _ => return Observation::inspect("unknown_status"),
    };
    let Some(id) = lenient::text(&status["id"]) else {
        return Observation::inspect("status_without_id");
    };
    Observation::Delivery(DeliveryReport {
        provider_id: ProviderMessageId::new(id),
        callback: lenient::text(&status["biz_opaque_callback_data"]).map(|text| lenient::head(text, 512).to_owned()),
        delivery,
        at: moment(&status["timestamp"]).unwrap_or(received_at),
        error: (delivery == Delivery::Failed).then(|| error(&status["errors"][0])),
    })
}

/// An element of an `errors` list, or the `error` of an answer. Code 0 where it gives none.
pub(crate) fn error(error: &Value) -> DeliveryError {
    let said =
        [&error["error_data"]["details"], &error["message"], &error["title"]].into_iter().find_map(lenient::text);
    DeliveryError {
        code: lenient::integer(&error["code"]).unwrap_or(0),
        details: said.map(|text| lenient::head(text, 500).to_owned()),
    }
}

#[cfg(test)]
mod tests;
