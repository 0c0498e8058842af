//! Carrying out the plan of an inbound message: crash-safe by its order, not by one big transaction.
//!
//! Message first (its key makes it the mark against repetition), then the ticket, then the conversation. The conversation's
//! count of messages rises last, so a message that is stored but not counted was interrupted and is finished when it comes
//! again. A further message costs two writes. Source: docs/adr/0003-ingest-order.md.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::conversation::Conversation;
use domain::ids::{ContactId, ConversationId, OrganizationId, TicketId};
use domain::ingest::{Count, Plan, TicketStep};
use domain::message::InboundMessage;
use domain::ticket::Ticket;
use jiff::Timestamp;

use crate::item::{number, text};
use crate::messages::StoredMessage;
use crate::writes::Statement;
use crate::{ChangeError, Error, Storage, keys};

/// How far one message has come in this process.
#[derive(Debug, Default)]
pub struct Progress {
    stored: Option<StoredMessage>,
    opened: Option<Box<Ticket>>,
}

/// What one try at a plan came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Everything is written.
    Done {
        /// The ticket that the plan made, with its number.
        opened: Option<Box<Ticket>>,
    },
    /// The message had been dealt with before.
    Duplicate,
    /// Something changed since the plan was made: read again and plan again, with the same `Progress`.
    Stale,
}

/// What a plan was made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A conversation as it was read or written.
    Written,
    /// A conversation as it will be once messages before this one are counted.
    Uncounted,
}

impl Progress {
    /// The ticket that was made for the message, with its number.
    pub fn opened(&self) -> Option<&Ticket> {
        self.opened.as_deref()
    }

    fn done(&mut self) -> Step {
        Step::Done { opened: self.opened.take() }
    }
}

impl Storage {
    /// What the table knows of a contact's conversation, and of its active ticket or else its last one.
    pub async fn known(
        &self,
        org: &OrganizationId,
        contact: &ContactId,
        conversation: &ConversationId,
    ) -> Result<(Option<Conversation>, Option<Ticket>), Error> {
        let found = self.conversation(org, conversation).await?.filter(|found| found.contact == *contact);
        let ticket = self.ticket_of(org, conversation, found.as_ref()).await?;
        Ok((found, ticket))
    }

    /// The active ticket of a conversation that was read, or else its last one.
    ///
    /// The ticket of the slot's present generation counts as active even if no conversation names it: its maker may have
    /// crashed before the last write.
    pub async fn ticket_of(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        found: Option<&Conversation>,
    ) -> Result<Option<Ticket>, Error> {
        if let Some(slot) = found.and_then(|found| found.slot.as_ref()) {
            return self.ticket(org, slot).await;
        }
        let generation = found.map_or(0, |found| found.generation);
        let unlinked = self.ticket(org, &TicketId::of(conversation, generation)).await?;
        match (unlinked, found.and_then(|found| found.previous.as_ref())) {
            (None, Some(previous)) => self.ticket(org, previous).await,
            (unlinked, _) => Ok(unlinked),
        }
    }

    /// Carries out a plan made at `now`, and counts its message. `year` is the year in the organization's time zone, for a new ticket's
    /// number.
    pub async fn carry_out(
        &self,
        org: &OrganizationId,
        (year, now): (i16, Timestamp),
        inbound: &InboundMessage,
        plan: &Plan,
        progress: &mut Progress,
    ) -> Result<Step, Error> {
        if let Some(step) = self.write_out(org, year, plan, Basis::Written, progress).await? {
            return Ok(step);
        }
        let counted = self.count(org, &plan.count(inbound, now)).await?;
        Ok(if counted { progress.done() } else { Step::Stale })
    }

    /// Carries out a plan as far as the count of its message. `None` when that is all that is left.
    pub async fn write_out(
        &self,
        org: &OrganizationId,
        year: i16,
        plan: &Plan,
        basis: Basis,
        progress: &mut Progress,
    ) -> Result<Option<Step>, Error> {
        let place = StoredMessage { seq: plan.message.seq, ticket: plan.message.ticket.clone() };
        if progress.stored.is_some() {
            // A try of ours ended because the conversation had moved: perhaps by another worker with this very message.
            if plan.conversation.counted_lately(&plan.message.reference.id) {
                return Ok(Some(progress.done()));
            }
        } else {
            progress.stored = match self.store_message(org, &plan.message).await? {
                None => Some(place.clone()),
                Some(before) if plan.conversation.has_counted(&plan.message.reference.id, before.seq) => {
                    return Ok(Some(Step::Duplicate));
                }
                unfinished => unfinished,
            };
        }
        if plan.message.seq == 0 {
            return Ok(Some(progress.done()));
        }
        // Another worker may have counted it where it is: that shows when those before it are counted.
        if basis == Basis::Uncounted && progress.stored.as_ref() != Some(&place) {
            return Ok(Some(Step::Stale));
        }
        match &plan.ticket {
            TicketStep::None | TicketStep::Join(_) => {}
            TicketStep::Change(change) => match self.change_ticket(change).await {
                Ok(_) => {}
                Err(ChangeError::Table(error)) => return Err(error),
                Err(_) => return Ok(Some(Step::Stale)),
            },
            TicketStep::Open(new) => match self.open_ticket(&new.ticket, year).await {
                Ok(Some(ticket)) => progress.opened = Some(Box::new(ticket)),
                Err(ChangeError::Table(error)) => return Err(error),
                Ok(None) | Err(_) => return Ok(Some(Step::Stale)),
            },
        }
        // Only now: until its ticket is there, a message keeps the place of the last plan that was carried out so far.
        if progress.stored.as_ref() != Some(&place) {
            self.place_message(org, &plan.message.reference, &place).await?;
            progress.stored = Some(place);
        }
        Ok(None)
    }

    /// The conversation's last write of messages that are stored. `false` when the conversation moved on since they were planned: then
    /// none of them is counted.
    pub async fn count(&self, org: &OrganizationId, count: &Count) -> Result<bool, Error> {
        let after = &count.after;
        let key = keys::conversation(org, &after.id);
        let mut set = vec![
            ("id", text(after.id.as_str())),
            ("con", text(after.connection.as_str())),
            ("ctc", text(after.contact.as_str())),
            ("gen", number(after.generation)),
            ("in_seq", number(after.in_seq)),
            ("counted", AttributeValue::L(after.counted.iter().map(text).collect())),
        ];
        if let Some(at) = after.last_in_at {
            set.push(("last_in", number(at.as_millisecond())));
        }
        if let Some(ticket) = &after.slot {
            set.push(("slot", text(ticket.as_str())));
        }
        if let Some(names) = &after.names {
            set.push(("shown", text(names)));
        }
        let unmoved = [("gen", number(count.generation)), ("in_seq", number(count.in_seq))];
        // A statement makes no item. Who counted before has written all of this one.
        if count.in_seq > 0
            && let Some(was_made) =
                self.write_together(|table| Statement::update(table, key.clone(), &set, &unmoved)).await
        {
            return Ok(was_made);
        }
        let mut update = self.client.update_item().table_name(&self.table).set_key(Some(key.into()));
        let mut clauses = vec!["SET #mode = if_not_exists(#mode, :mode)".to_owned()];
        for (name, value) in set {
            clauses.push(format!("{name} = :{name}"));
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        let unmoved =
            "(attribute_not_exists(gen) OR gen = :gen) AND (attribute_not_exists(in_seq) OR in_seq = :before)";
        let answer = update
            .update_expression(clauses.join(", "))
            .condition_expression(unmoved)
            .expression_attribute_names("#mode", "mode")
            .expression_attribute_values(":mode", text("agent"))
            .expression_attribute_values(":before", number(count.in_seq))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        self.unless_refused(answer)
    }
}
