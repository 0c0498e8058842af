//! What a message refers to, whichever provider tells it: the message that it answers or changes, the advertisement that it came
//! from, the button or row that was chosen.
//!
//! Beside what the message says, and taken from the provider's JSON by itself: what is not understood here costs no message. Each
//! provider's spelling is in its own `about.rs`. Source: docs/providers.md §1.5, §3.1–3.4.

use domain::alias::Alias;
use domain::connection::Connection;
use domain::context::{Context, Referred, Side};
use domain::message::InboundMessage;
use serde_json::Value;

use crate::baileys::jid;
use crate::gateway::{Gateway, is_one_of};
use crate::unit::{Part, Unit};
use crate::{baileys, cloud_api, gowa, lenient, waha};

/// How much of another message's words is kept, in bytes: a message stays within one write unit.
const EXCERPT: usize = 200;
/// How much of what an advertisement says is kept, in bytes.
const PIECE: usize = 1_024;

/// What a message refers to; nothing for most.
pub(crate) fn of(unit: &Unit, connection: &Connection, message: &InboundMessage) -> Option<Box<Context>> {
    let parties = |own: &[String]| Parties::of(own, connection, message);
    let context = match &unit.part {
        Part::CloudMessage { message, own_number, .. }
        | Part::CloudEcho { message, own_number, .. }
        | Part::CloudHistory { message, own_number, .. } => {
            let own: Vec<String> = own_number.iter().cloned().collect();
            cloud_api::about::of(message, &parties(&own))
        }
        Part::BaileysMessage { message, own, .. } => baileys::about::of_message(message, &parties(own)),
        Part::BaileysUpdate { update } => baileys::about::of_update(update, &parties(&[])),
        Part::GatewayEvent { gateway: Gateway::Waha, event, payload, own } => {
            waha::about::of(event, payload, &parties(own))
        }
        Part::GatewayEvent { gateway: Gateway::Gowa, payload, own, .. } => gowa::about::of(payload, &parties(own)),
        // What such an event is about is known where it is read.
        Part::GatewayEvent { gateway: Gateway::Baileys, .. }
        | Part::CloudCall { .. }
        | Part::CloudStatus { .. }
        | Part::BaileysCall { .. }
        | Part::CloudErrors { .. }
        | Part::CloudOther { .. }
        | Part::Unreadable { .. } => Context::default(),
    };
    context.unless_empty()
}

/// Who takes part in a conversation.
pub(crate) struct Parties<'a> {
    own: Vec<Alias>,
    contact: &'a [Alias],
    pub(crate) is_group: bool,
    pub(crate) from_contact: bool,
}

impl<'a> Parties<'a> {
    fn of(own: &[String], connection: &Connection, message: &'a InboundMessage) -> Self {
        let named = own.iter().filter_map(|own| jid::alias(own).or_else(|| cloud_api::identity::alias(own)));
        Self {
            own: connection.own.iter().cloned().chain(named).collect(),
            contact: &message.sender.aliases,
            is_group: message.sender.is_group,
            from_contact: message.from_contact,
        }
    }

    /// Which side somebody is on; nothing where that is not known.
    pub(crate) fn side(&self, somebody: &Alias) -> Option<Side> {
        let is_known = || self.own.iter().any(|own| own.kind == somebody.kind);
        if is_one_of(somebody, &self.own) {
            Some(Side::Out)
        } else if is_one_of(somebody, self.contact) || (self.is_group && is_known()) {
            Some(Side::In)
        } else {
            None
        }
    }

    /// The side that wrote this message.
    pub(crate) fn writer(&self) -> Side {
        if self.from_contact { Side::In } else { Side::Out }
    }

    /// Another message, by its id and whoever wrote it.
    pub(crate) fn referred(&self, id: Option<&str>, writer: Option<&Alias>) -> Referred {
        Referred {
            side: writer.and_then(|writer| self.side(writer)),
            writer: writer.filter(|_| self.is_group).map(|writer| writer.value.clone()),
            ..id.map(Referred::new).unwrap_or_default()
        }
    }
}

/// The first of some fields that holds a text, whichever way it is spelled.
pub(crate) fn first<'a>(object: &'a Value, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| lenient::text(&object[*name]))
}

/// What an advertisement or a choice says, cut to what is kept.
pub(crate) fn piece(object: &Value, names: &[&str]) -> Option<String> {
    let text = |name: &&str| match &object[*name] {
        Value::String(text) if !text.trim().is_empty() => Some(lenient::head(text.trim(), PIECE).to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    names.iter().find_map(text)
}

/// The beginning of another message's words.
pub(crate) fn excerpt(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| {
        if text.len() <= EXCERPT { text.to_owned() } else { format!("{}…", lenient::head(text, EXCERPT).trim_end()) }
    })
}

#[cfg(test)]
mod tests;
