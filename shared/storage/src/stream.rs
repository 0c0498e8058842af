//! What a record of the table's stream means: the table is the outbox, and this reads it (invariant I6).

use domain::conversation::Conversation;
use domain::delivery::Delivery;
use domain::event::{HistoryRow, Subject};
use domain::ids::{ConnectionId, ConversationId, OrganizationId};
use domain::message::{Direction, Message};
use domain::ticket::Ticket;
use serde::de::DeserializeOwned;

use domain::connection::Connection;
use domain::line::Line;

use crate::conversations::ConversationItem;
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
    /// The templates of a connection should be read from its provider: it is new, has another account, or somebody asked.
    TemplatesWanted {
        /// The organization.
        org: OrganizationId,
        /// The connection.
        connection: ConnectionId,
        /// Different for each time that this is told.
        mark: String,
    },
    /// The contact wrote in a conversation with parked answers. Nothing else releases them: when they are parked because the
    /// provider says so, the window may look open from here.
    ContactWrote {
        /// The organization.
        org: OrganizationId,
        /// The conversation.
        conversation: ConversationId,
        /// Different for each time that this is told.
        mark: String,
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
    if sk.starts_with(keys::CONNECTION_PREFIX) || sk.starts_with(keys::LINE_PREFIX) {
        return templates(org, old, new);
    }
    if sk == keys::CONVERSATION {
        return parked(org, old, new);
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

fn templates(
    org: OrganizationId,
    old: serde_dynamo::Item,
    new: serde_dynamo::Item,
) -> Result<Option<Change>, Unreadable> {
    let wanted = |item: serde_dynamo::Item| {
        if item.contains_key("con") {
            let line = *parse::<Line>("a line", item)?;
            return Ok((line.connection, line.templates_asked_at.map(|at| at.as_millisecond().to_string())));
        }
        let connection = *parse::<Connection>("a connection", item)?;
        Ok((connection.id, connection.provider.template_account().map(str::to_owned)))
    };
    let before = if old.is_empty() { None } else { wanted(old)?.1 };
    let (connection, mark) = wanted(new)?;
    Ok(mark.filter(|mark| before.as_ref() != Some(mark)).map(|mark| Change::TemplatesWanted { org, connection, mark }))
}

fn parked(org: OrganizationId, old: serde_dynamo::Item, new: serde_dynamo::Item) -> Result<Option<Change>, Unreadable> {
    // Every message rewrites its conversation, and hardly any has parked answers: only those are read.
    if !matches!(new.get("parked"), Some(serde_dynamo::AttributeValue::L(parked)) if !parked.is_empty()) {
        return Ok(None);
    }
    let read = |item| Ok(Conversation::from(*parse::<ConversationItem>("a conversation", item)?));
    let is = read(new)?;
    let before = if old.is_empty() { None } else { Some(read(old)?) };
    let has_written = before.is_none_or(|before| is.in_seq > before.in_seq);
    Ok(has_written.then(|| Change::ContactWrote { org, conversation: is.id, mark: is.in_seq.to_string() }))
}

fn organization(pk: &str) -> Option<OrganizationId> {
    let mut parts = pk.split('#');
    (parts.next() == Some("ORG")).then(|| OrganizationId::new(parts.next()?).ok())?
}

fn parse<T: DeserializeOwned>(kind: &'static str, item: serde_dynamo::Item) -> Result<Box<T>, Unreadable> {
    serde_dynamo::from_item(item).map(Box::new).map_err(|source| Unreadable { kind, source })
}
