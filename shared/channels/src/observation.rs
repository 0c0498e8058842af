//! What a unit means.

use std::borrow::Cow;

use domain::connection::Connection;
use domain::delivery::DeliveryReport;
use domain::message::InboundMessage;

use crate::amendment::Amendment;
use crate::cloud_api::Field;
use crate::gateway::Gateway;
use crate::unit::{Part, Unit};
use crate::{about, baileys, calls, cloud_api, gowa, waha};

/// What a unit means for the help desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Something was said.
    Message(InboundMessage),
    /// Something that was said is edited or deleted, and an event of its own tells it.
    Amendment(Amendment),
    /// A message of ours came further, or failed.
    Delivery(DeliveryReport),
    /// A change of an account, a template, a quality rating or the like: kept, and counted by its name.
    Field(Field),
    /// It is kept for a person to look at, and opens no ticket.
    Inspect {
        /// A fixed word. Never content.
        reason: Cow<'static, str>,
    },
    /// It means nothing here; only its reason is counted.
    Nothing {
        /// As in `Inspect`.
        reason: Cow<'static, str>,
    },
}

impl Observation {
    pub(crate) fn inspect(reason: &'static str) -> Self {
        Self::Inspect { reason: Cow::Borrowed(reason) }
    }

    pub(crate) fn nothing(reason: &'static str) -> Self {
        Self::Nothing { reason: Cow::Borrowed(reason) }
    }
}

/// Says what a unit of this connection means. Never fails: what cannot be understood is for inspection.
///
/// The same unit received at another time gives a message with the same id and time, see [`crate::moment`]; only the
/// effect of a replayed Baileys message depends on how old it was when it was received.
pub fn parse(unit: &Unit, connection: &Connection) -> Observation {
    let mut observation = meaning(unit, connection);
    let message = match &mut observation {
        Observation::Message(message) => Some(message),
        Observation::Amendment(amendment) => Some(&mut amendment.message),
        _ => None,
    };
    if let Some(message) = message.filter(|message| message.content.context.is_none()) {
        message.content.context = about::of(unit, connection, message);
    }
    observation
}

fn meaning(unit: &Unit, connection: &Connection) -> Observation {
    match &unit.part {
        Part::CloudMessage { message, contact, own_number } => {
            cloud_api::parse::message(message, contact.as_ref(), own_number.as_deref(), connection)
        }
        Part::CloudEcho { message, contact, own_number } => {
            cloud_api::parse::echo(message, contact.as_ref(), own_number.as_deref())
        }
        Part::CloudHistory { message, thread, own_number } => {
            cloud_api::parse::history(message, thread, own_number.as_deref())
        }
        Part::CloudCall { call, contact, own_number } => {
            calls::of_cloud(call, contact.as_ref(), own_number.as_deref(), connection)
        }
        Part::BaileysCall { call } => calls::of_gateway("call", call, connection),
        Part::GatewayEvent { event, payload, .. } if calls::is_call(event, payload) => {
            calls::of_gateway(event, payload, connection)
        }
        Part::CloudStatus { status } => cloud_api::parse::status(status, unit.received_at),
        Part::BaileysMessage { message, upsert, own } => {
            baileys::parse::message(message, *upsert, own, unit.received_at, connection)
        }
        Part::BaileysUpdate { update } => baileys::update::update(update, unit.received_at),
        Part::GatewayEvent { gateway: Gateway::Baileys, event, payload, own } => {
            baileys::event::event(event, payload, own, connection)
        }
        Part::GatewayEvent { gateway: Gateway::Waha, event, payload, own } => {
            waha::parse::event(event, payload, own, unit.received_at, connection)
        }
        Part::GatewayEvent { gateway: Gateway::Gowa, event, payload, own } => {
            gowa::parse::event(event, payload, own, unit.received_at, connection)
        }
        Part::CloudErrors { .. } | Part::CloudOther { .. } | Part::Unreadable { .. } => without_connection(unit),
    }
}

/// Says what a unit means whose connection is not known: an account-level field, or a number that nobody has connected yet.
pub fn without_connection(unit: &Unit) -> Observation {
    match &unit.part {
        Part::CloudOther { field, .. } => Observation::Field(Field::named(field)),
        Part::CloudErrors { .. } => Observation::inspect("provider_errors"),
        Part::Unreadable { reason, .. } => Observation::Inspect { reason: Cow::Owned(reason.clone()) },
        Part::CloudMessage { .. }
        | Part::CloudEcho { .. }
        | Part::CloudHistory { .. }
        | Part::CloudCall { .. }
        | Part::CloudStatus { .. }
        | Part::BaileysCall { .. }
        | Part::BaileysMessage { .. }
        | Part::BaileysUpdate { .. }
        | Part::GatewayEvent { .. } => Observation::inspect("unknown_connection"),
    }
}
