//! What a record of the table's stream means: the table is the outbox, and this reads it (invariant I6).

use domain::delivery::Delivery;
use domain::event::{HistoryRow, Subject};
use domain::ids::OrganizationId;
use domain::message::{Direction, Message};
use domain::ticket::Ticket;
use serde::de::DeserializeOwned;

use crate::keys;
use crate::messages::MessageItem;
use crate::ticket_items::RowItem;

/// A change that others want to hear of.
#[derive(Debug, Clone)]
pub enum Change {
    /// A ticket was made.
    TicketOpened(Box<Ticket>),
    /// Something happened to a ticket: row `version` of its history.
    TicketChanged {
        /// The organization.
        org: OrganizationId,
        /// The ticket.
        subject: Box<Subject>,
        /// The ticket's version after it: unique and rising for the ticket.
        version: u64,
        /// What happened.
        row: Box<HistoryRow>,
    },
    /// A message was stored.
    MessageStored {
        /// The organization.
        org: OrganizationId,
        /// The message.
        message: Box<Message>,
    },
    /// An outbound message came further.
    MessageDelivered {
        /// The organization.
        org: OrganizationId,
        /// The message as it is now.
        message: Box<Message>,
        /// How far it is.
        delivery: Delivery,
    },
}

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
#[error("a stream record of {kind} cannot be read")]
pub struct Unreadable {
    kind: &'static str,
    #[source]
    source: serde_dynamo::Error,
}

/// Reads a record. `None` when it is of no interest: settings, counters, and rewrites of items whose history row tells the same.
pub fn read(old: serde_dynamo::Item, new: serde_dynamo::Item) -> Result<Option<Change>, Unreadable> {
    let key = |name: &str| match new.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    };
    let (pk, sk) = (key("pk"), key("sk"));
    let Some(org) = organization(&pk) else { return Ok(None) };
    let inserted = old.is_empty();
    if sk == keys::TICKET {
        // A mark of a slot taken again is no ticket.
        let opened = inserted && !new.contains_key("held_by");
        return if opened { Ok(Some(Change::TicketOpened(parse("a ticket", new)?))) } else { Ok(None) };
    }
    if let Some(version) = sk.strip_prefix(keys::HISTORY_PREFIX) {
        let (Ok(version), true) = (version.parse(), inserted) else { return Ok(None) };
        let RowItem { row, subject } = *parse("a history row", new)?;
        return Ok(Some(Change::TicketChanged { org, subject: Box::new(subject), version, row: Box::new(row) }));
    }
    if !sk.starts_with(keys::MESSAGE_PREFIX) {
        return Ok(None);
    }
    let message = Box::new(Message::from(*parse::<MessageItem>("a message", new)?));
    if inserted {
        return Ok(Some(Change::MessageStored { org, message }));
    }
    let before = Message::from(*parse::<MessageItem>("a message", old)?);
    match (&before.direction, &message.direction) {
        (Direction::Out { delivery: was, .. }, Direction::Out { delivery: is, .. }) if is > was => {
            let delivery = *is;
            Ok(Some(Change::MessageDelivered { org, message, delivery }))
        }
        _ => Ok(None),
    }
}

fn organization(pk: &str) -> Option<OrganizationId> {
    let mut parts = pk.split('#');
    (parts.next() == Some("ORG")).then(|| OrganizationId::new(parts.next()?).ok())?
}

fn parse<T: DeserializeOwned>(kind: &'static str, item: serde_dynamo::Item) -> Result<Box<T>, Unreadable> {
    serde_dynamo::from_item(item).map(Box::new).map_err(|source| Unreadable { kind, source })
}
