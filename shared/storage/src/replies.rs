//! An agent's answer: the message, which is its own outbox item, and what the answer does to the ticket, in one transaction.

use domain::ids::OrganizationId;
use domain::message::Message;
use domain::ticket::{Ticket, TicketChange};

use crate::item::{number, text};
use crate::ticket_changes::Changes;
use crate::transaction::IntoTransact;
use crate::{ChangeError, Storage, keys, messages};

/// An answer that was allowed.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The message, queued.
    pub message: Message,
    /// The ticket as it was read when the answer was allowed.
    pub ticket: Ticket,
    /// What the answer does to the ticket, if anything.
    pub change: Option<TicketChange>,
}

impl Storage {
    /// Stores an answer if the ticket is still as it was when the answer was allowed: nobody took it away, closed it or answered
    /// first. Errors: `Stale`, `AtCapacity`; nothing is stored then.
    pub async fn store_reply(&self, org: &OrganizationId, reply: &Reply) -> Result<Ticket, ChangeError> {
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
        let message = self.put(messages::message_item(org, &reply.message)?);
        changes.push_certain(message.condition_expression("attribute_not_exists(pk)").into_transact()?);
        if let (Some(conversation), Some(connection)) = (&ticket.conversation, &ticket.connection) {
            // Who answers has read: everything that the contact wrote so far counts as read. The first message's worker may not
            // have written the conversation yet: then this writes it.
            let read = self
                .update(keys::conversation(org, conversation))
                .update_expression(
                    "SET last_out = :at, read_seq = if_not_exists(in_seq, :zero), id = if_not_exists(id, :id), \
                     con = if_not_exists(con, :con), ctc = if_not_exists(ctc, :ctc)",
                )
                .expression_attribute_values(":id", text(conversation.as_str()))
                .expression_attribute_values(":con", text(connection.as_str()))
                .expression_attribute_values(":ctc", text(ticket.contact.as_str()))
                .expression_attribute_values(":at", number(reply.message.reference.sent_at_ms()))
                .expression_attribute_values(":zero", number(0));
            changes.push_certain(read.into_transact()?);
        }
        self.commit(changes).await?;
        Ok(ticket)
    }
}
