//! Carrying out the plan of an inbound message: crash-safe by its order, not by one big transaction.
//!
//! Message first (its key makes it the mark against repetition), then the ticket, then the conversation. The conversation's
//! count of messages rises last, so a message that is stored but not counted was interrupted and is finished when it comes
//! again. A further message costs two writes. Source: docs/adr/0003-ingest-order.md.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::conversation::Conversation;
use domain::ids::{ContactId, ConversationId, OrganizationId, TicketId};
use domain::ingest::{Plan, TicketStep};
use domain::message::InboundMessage;
use domain::ticket::Ticket;
use jiff::Timestamp;

use crate::item::{number, text};
use crate::messages::StoredMessage;
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

impl Storage {
    /// What the table knows of a contact's conversation, and of its active ticket or else its last one.
    ///
    /// The ticket of the slot's present generation counts as active even if no conversation names it: its maker may have
    /// crashed before the last write.
    pub async fn known(
        &self,
        org: &OrganizationId,
        contact: &ContactId,
        conversation: &ConversationId,
    ) -> Result<(Option<Conversation>, Option<Ticket>), Error> {
        let found = self.conversation(org, conversation).await?.filter(|found| found.contact == *contact);
        let (slot, generation, previous) = match &found {
            Some(found) => (found.slot.clone(), found.generation, found.previous.clone()),
            None => (None, 0, None),
        };
        if let Some(slot) = slot {
            return Ok((found, self.ticket(org, &slot).await?));
        }
        let unlinked = self.ticket(org, &TicketId::of(conversation, generation)).await?;
        let ticket = match (unlinked, previous) {
            (Some(ticket), _) => Some(ticket),
            (None, Some(previous)) => self.ticket(org, &previous).await?,
            (None, None) => None,
        };
        Ok((found, ticket))
    }

    /// Carries out a plan made at `now`. `year` is the year in the organization's time zone, for a new ticket's number.
    pub async fn carry_out(
        &self,
        org: &OrganizationId,
        (year, now): (i16, Timestamp),
        inbound: &InboundMessage,
        plan: &Plan,
        progress: &mut Progress,
    ) -> Result<Step, Error> {
        let place = StoredMessage { seq: plan.message.seq, ticket: plan.message.ticket.clone() };
        if progress.stored.is_some() {
            // A try of ours ended because the conversation had moved: perhaps by another worker with this very message.
            if plan.conversation.counted_lately(&plan.message.reference.id) {
                return Ok(Step::Done { opened: progress.opened.take() });
            }
        } else {
            progress.stored = match self.store_message(org, &plan.message).await? {
                None => Some(place.clone()),
                Some(before) if plan.conversation.has_counted(&plan.message.reference.id, before.seq) => {
                    return Ok(Step::Duplicate);
                }
                unfinished => unfinished,
            };
        }
        if plan.message.seq == 0 {
            return Ok(Step::Done { opened: None });
        }
        match &plan.ticket {
            TicketStep::None | TicketStep::Join(_) => {}
            TicketStep::Change(change) => match self.change_ticket(change).await {
                Ok(_) => {}
                Err(ChangeError::Table(error)) => return Err(error),
                Err(_) => return Ok(Step::Stale),
            },
            TicketStep::Open(new) => match self.open_ticket(&new.ticket, year).await {
                Ok(Some(ticket)) => progress.opened = Some(Box::new(ticket)),
                Err(ChangeError::Table(error)) => return Err(error),
                Ok(None) | Err(_) => return Ok(Step::Stale),
            },
        }
        // Only now: until its ticket is there, a message keeps the place of the last plan that was carried out so far.
        if progress.stored.as_ref() != Some(&place) {
            self.place_message(org, &plan.message.reference, &place).await?;
            progress.stored = Some(place);
        }
        let counted = self.count_message(org, inbound, plan, now).await?;
        Ok(if counted { Step::Done { opened: progress.opened.take() } } else { Step::Stale })
    }

    /// The conversation's last write of a message. `false` when the conversation moved on since the plan.
    async fn count_message(
        &self,
        org: &OrganizationId,
        inbound: &InboundMessage,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let before = &plan.conversation;
        let counted = before.counting(&plan.message.reference.id).into_iter().map(text).collect();
        let last_in_at = before.last_in_at.max(Some(inbound.written_at(now)));
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::conversation(org, &before.id).into()))
            .expression_attribute_values(":id", text(before.id.as_str()))
            .expression_attribute_values(":con", text(before.connection.as_str()))
            .expression_attribute_values(":ctc", text(before.contact.as_str()))
            .expression_attribute_values(":mode", text("agent"))
            .expression_attribute_values(":gen", number(before.generation))
            .expression_attribute_values(":before", number(before.in_seq))
            .expression_attribute_values(":seq", number(plan.message.seq))
            .expression_attribute_values(":counted", AttributeValue::L(counted));
        let mut set =
            "SET id = :id, con = :con, ctc = :ctc, #mode = if_not_exists(#mode, :mode), gen = :gen, in_seq = :seq, \
                       counted = :counted"
                .to_owned();
        if let Some(at) = last_in_at {
            set.push_str(", last_in = :last_in");
            update = update.expression_attribute_values(":last_in", number(at.as_millisecond()));
        }
        if let Some(ticket) = plan.ticket.ticket_id() {
            set.push_str(", slot = :slot");
            update = update.expression_attribute_values(":slot", text(ticket.as_str()));
        }
        let unmoved =
            "(attribute_not_exists(gen) OR gen = :gen) AND (attribute_not_exists(in_seq) OR in_seq = :before)";
        let answer = update
            .update_expression(set)
            .condition_expression(unmoved)
            .expression_attribute_names("#mode", "mode")
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        self.unless_refused(answer)
    }
}
