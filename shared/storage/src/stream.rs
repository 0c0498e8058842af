//! What a record of the table's stream means: the table is the outbox, and this reads it (invariant I6).

use domain::conversation::Conversation;
use domain::delivery::Delivery;
use domain::event::{HistoryRow, Subject};
use domain::ids::{ConnectionId, ConversationId, OrganizationId};
use domain::media::Media;
use domain::message::{Direction, Message};
use domain::ticket::Ticket;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use domain::connection::Connection;
use domain::line::{Line, Stop};

use crate::conversations::ConversationItem;
use crate::keys;
use crate::marks::{READ_AT, TYPED_AT};
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
    /// The file of a message was kept or given up, or is to be tried again.
    MediaChanged {
        /// The organization.
        org: OrganizationId,
        /// The message as it is now.
        message: Box<Message>,
    },
    /// A connection stopped or, with `stop` absent, sends again.
    LineChanged {
        /// The organization.
        org: OrganizationId,
        /// The connection.
        connection: ConnectionId,
        /// Why it stopped.
        stop: Option<Stop>,
        /// Since when it had been stopped, where it was.
        since: Option<Timestamp>,
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
    /// Our side has read a conversation, or types in it.
    Read {
        /// The organization.
        org: OrganizationId,
        /// The conversation.
        conversation: ConversationId,
        /// Whether somebody types.
        is_typing: bool,
        /// When.
        at: Timestamp,
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
    if sk.starts_with(keys::LINE_PREFIX)
        && let Some(changed) = line(&org, &old, &new)?
    {
        return Ok(Some(changed));
    }
    if sk.starts_with(keys::CONNECTION_PREFIX) || sk.starts_with(keys::LINE_PREFIX) {
        return templates(org, old, new);
    }
    if sk == keys::CONVERSATION {
        return of_conversation(org, &old, new);
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
        _ if has_moved(before.content.media.as_ref(), message.content.media.as_ref()) => {
            Ok(Some(Change::MediaChanged { org, message }))
        }
        _ => Ok(None),
    }
}

fn has_moved(was: Option<&Media>, is: Option<&Media>) -> bool {
    match (was, is) {
        (Some(was), Some(is)) => is.moved_since(was),
        (was, is) => was.is_some() != is.is_some(),
    }
}

/// Only the beginning and the end of a stop are told, not the tries between.
fn line(
    org: &OrganizationId,
    old: &serde_dynamo::Item,
    new: &serde_dynamo::Item,
) -> Result<Option<Change>, Unreadable> {
    if new.contains_key("stop") == old.contains_key("stop") {
        return Ok(None);
    }
    let is = *parse::<Line>("a line", new.clone())?;
    let since = if old.is_empty() { None } else { parse::<Line>("a line", old.clone())?.stop.map(|stop| stop.since) };
    let (org, connection) = (org.clone(), is.connection);
    Ok(Some(Change::LineChanged {
        org,
        connection,
        since: since.or(is.stop.as_ref().map(|stop| stop.since)),
        stop: is.stop,
    }))
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

fn of_conversation(
    org: OrganizationId,
    old: &serde_dynamo::Item,
    new: serde_dynamo::Item,
) -> Result<Option<Change>, Unreadable> {
    // Every message rewrites its conversation: only what means something here is read.
    let is_new = |name: &str| new.contains_key(name) && new.get(name) != old.get(name);
    let is_typing = is_new(TYPED_AT);
    if is_typing || is_new(READ_AT) {
        let at = millisecond(new.get(if is_typing { TYPED_AT } else { READ_AT }));
        let conversation = Conversation::from(*parse::<ConversationItem>("a conversation", new)?).id;
        return Ok(at.map(|at| Change::Read { org, conversation, is_typing, at }));
    }
    let is_parked = matches!(new.get("parked"), Some(serde_dynamo::AttributeValue::L(parked)) if !parked.is_empty());
    if !is_parked || !is_new("in_seq") {
        return Ok(None);
    }
    let is = Conversation::from(*parse::<ConversationItem>("a conversation", new)?);
    Ok(Some(Change::ContactWrote { org, conversation: is.id, mark: is.in_seq.to_string() }))
}

fn millisecond(value: Option<&serde_dynamo::AttributeValue>) -> Option<Timestamp> {
    match value? {
        serde_dynamo::AttributeValue::N(number) => Timestamp::from_millisecond(number.parse().ok()?).ok(),
        _ => None,
    }
}

fn organization(pk: &str) -> Option<OrganizationId> {
    let mut parts = pk.split('#');
    (parts.next() == Some("ORG")).then(|| OrganizationId::new(parts.next()?).ok())?
}

fn parse<T: DeserializeOwned>(kind: &'static str, item: serde_dynamo::Item) -> Result<Box<T>, Unreadable> {
    serde_dynamo::from_item(item).map(Box::new).map_err(|source| Unreadable { kind, source })
}
