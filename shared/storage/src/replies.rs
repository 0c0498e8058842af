//! An agent's answer: the message, which is its own outbox item, and what the answer does to the ticket and to the conversation,
//! in one transaction.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::ids::{ConnectionId, ConversationId, OrganizationId};
use domain::message::{Message, MessageRef};
use domain::ticket::{Ticket, TicketChange};
use domain::window::{MOST_PARKED, Turn};
use jiff::Timestamp;

use crate::conversations::placed;
use crate::item::{number, text};
use crate::once::{Answer, Once};
use crate::ticket_changes::Changes;
use crate::transaction::IntoTransact;
use crate::{ChangeError, Error, Storage, keys, messages};

/// An answer that was allowed.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The message: queued, or parked where its turn says so.
    pub message: Message,
    /// The ticket as it was read when the answer was allowed.
    pub ticket: Ticket,
    /// What the answer does to the ticket, if anything.
    pub change: Option<TicketChange>,
    /// When it is sent.
    pub turn: Turn,
    /// When the contact wrote last, as it was read when the turn was decided.
    pub last_in_at: Option<Timestamp>,
    /// The template that goes out in the place of a parked answer, queued.
    pub template: Option<Message>,
}

impl Storage {
    /// Stores an answer if ticket and conversation are still as they were when the answer was allowed: nobody took the ticket
    /// away, closed it or answered first, and what decided the answer's turn still holds. `once` is the request, if its caller
    /// gave it a key, and what it is told. Errors: `Stale`, `AtCapacity`, `Repeated`; nothing is stored then.
    pub async fn store_reply(
        &self,
        org: &OrganizationId,
        reply: &Reply,
        once: Option<(&Once, Answer)>,
    ) -> Result<Ticket, ChangeError> {
        let mut changes = Changes::default();
        let mut ticket = reply.ticket.clone();
        match reply.change.clone() {
            Some(mut change) => {
                self.stage_change(&mut change, &mut changes).await?;
                ticket = change.after;
            }
            None => changes.push_version(
                self.check(keys::ticket(org, &ticket.id))
                    .condition_expression("v = :read")
                    .expression_attribute_values(":read", number(ticket.version))
                    .into_transact()?,
            ),
        }
        for message in reply.template.iter().chain([&reply.message]) {
            changes.push_certain(self.put_message(org, message)?);
        }
        if let (Some(conversation), Some(connection)) = (&ticket.conversation, &ticket.connection) {
            changes.push_certain(self.note_reply(org, reply, conversation, connection)?);
        }
        if let Some((once, answer)) = once {
            changes.push_once(self.put_answer(org, once, answer)?);
        }
        self.commit(changes).await?;
        Ok(ticket)
    }

    pub(crate) fn put_message(&self, org: &OrganizationId, message: &Message) -> Result<TransactWriteItem, Error> {
        let put = self.put(messages::message_item(org, message)?);
        put.condition_expression("attribute_not_exists(pk)").into_transact()
    }

    /// Who answers has read: everything that the contact wrote so far counts as read. The first message's worker may not have
    /// written the conversation yet: then this writes it.
    fn note_reply(
        &self,
        org: &OrganizationId,
        reply: &Reply,
        conversation: &ConversationId,
        connection: &ConnectionId,
    ) -> Result<TransactWriteItem, Error> {
        let mut set = "SET last_out = :at, read_seq = if_not_exists(in_seq, :zero), id = if_not_exists(id, :id), \
                       con = if_not_exists(con, :con), ctc = if_not_exists(ctc, :ctc)"
            .to_owned();
        let mut update = self
            .update(keys::conversation(org, conversation))
            .expression_attribute_values(":id", text(conversation.as_str()))
            .expression_attribute_values(":con", text(connection.as_str()))
            .expression_attribute_values(":ctc", text(reply.ticket.contact.as_str()))
            .expression_attribute_values(":at", number(reply.message.reference.sent_at_ms()))
            .expression_attribute_values(":zero", number(0));
        if matches!(reply.turn, Turn::Behind | Turn::Parked { .. }) {
            set.push_str(", ");
            set.push_str(PARK);
            update = update
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
                .expression_attribute_values(":parked", parked(&reply.message.reference));
        }
        let unmoved = match reply.last_in_at {
            Some(_) => "last_in = :last_in",
            None => "attribute_not_exists(last_in)",
        };
        let condition = match reply.turn {
            Turn::Anyway => None,
            Turn::Next => Some("attribute_not_exists(parked[0])".to_owned()),
            Turn::Behind => Some("attribute_exists(parked[0])".to_owned()),
            // A contact who writes meanwhile would find nothing parked, and nobody would send the answer.
            Turn::Parked { asks: true } => Some(format!("{unmoved} AND attribute_not_exists(parked[0])")),
            Turn::Parked { asks: false } => Some(format!("{unmoved} AND attribute_exists(parked[0])")),
        };
        if let (Turn::Parked { .. }, Some(at)) = (reply.turn, reply.last_in_at) {
            update = update.expression_attribute_values(":last_in", number(at.as_millisecond()));
        }
        let room = |condition: String| match reply.turn {
            Turn::Behind | Turn::Parked { .. } => format!("{condition} AND {}", has_room()),
            Turn::Anyway | Turn::Next => condition,
        };
        update.update_expression(set).set_condition_expression(condition.map(room)).into_transact()
    }
}

/// Adds an answer to those that are parked.
pub(crate) const PARK: &str = "parked = list_append(if_not_exists(parked, :none), :parked)";

pub(crate) fn parked(reference: &MessageRef) -> AttributeValue {
    AttributeValue::L(vec![text(placed(reference))])
}

fn has_room() -> String {
    format!("attribute_not_exists(parked[{}])", MOST_PARKED - 1)
}
