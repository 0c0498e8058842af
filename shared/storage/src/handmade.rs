//! Tickets that people and programs make by hand: within the contact's limits, found again by the contact.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::conversation::Conversation;
use domain::event::HistoryRow;
use domain::ids::{ContactId, ConversationId, OrganizationId, TicketId};
use domain::quota::Made;
use domain::ticket::Ticket;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::commands::MakeAnswer;
use crate::conversations::from_item;
use crate::item::{number, read, text, write};
use crate::once::Once;
use crate::transaction::{IntoTransact, Outcome};
use crate::{ChangeError, Error, Storage, keys};

/// How often a ticket is tried: each try loses only to other tickets that were made.
const TRIES: u32 = 64;
/// How many tickets of a conversation are looked at.
const GENERATIONS: u32 = 50;

/// What a contact's item of its ticket holds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContactTicketItem {
    pub(crate) ctc: ContactId,
    pub(crate) tkt: TicketId,
}

/// What a refusal of the transaction's item at a place means.
#[derive(Clone, Copy)]
enum Guard {
    Once,
    Ticket,
    Slot,
    Quota,
    Capacity,
    Counter,
}

impl Storage {
    /// Makes a ticket by hand, with the organization's next number. `None` when the ticket exists already. One with a generation takes
    /// its conversation's slot; `rows` tell what was done to it since it was made, up to its version.
    ///
    /// `year` is the year in the organization's time zone. Errors: `AtCapacity` for a ticket that starts with an agent, `TooMany`,
    /// `Repeated`, `OtherTicketActive` for a slot that is taken, or of which the generation is past.
    pub async fn open_by_hand(
        &self,
        ticket: &Ticket,
        rows: &[HistoryRow],
        year: i16,
        once: Option<(&Once, MakeAnswer<'_>)>,
    ) -> Result<Option<Ticket>, ChangeError> {
        let (org, now) = (&ticket.org, ticket.created_at);
        let mut quota = self.quota(ticket, now).await?;
        let mut counter = self.counter(org).await?;
        for attempt in 0..TRIES {
            let Some(next) = counter.next(year, 1).next() else { break };
            let ticket = Ticket { number: next, ..ticket.clone() };
            let mut items: Vec<(TransactWriteItem, Guard)> = Vec::new();
            if let Some((once, answer)) = once {
                items.push((self.put_answer(org, once, answer(&ticket))?, Guard::Once));
            }
            items.push((self.put_new_ticket(&ticket)?, Guard::Ticket));
            items.extend(self.put_rows(&ticket, rows)?.into_iter().map(|row| (row, Guard::Ticket)));
            items.push(if let Some(generation) = ticket.generation {
                // It is found by its generation.
                (self.link_slot(&ticket, generation)?, Guard::Slot)
            } else {
                let pointer = ContactTicketItem { ctc: ticket.contact.clone(), tkt: ticket.id.clone() };
                let pointer = write(keys::contact_ticket(org, &ticket.contact, &ticket.id), &pointer)?;
                (self.put(pointer).into_transact()?, Guard::Ticket)
            });
            items.push((quota.clone(), Guard::Quota));
            if let Some(agent) = ticket.holder() {
                items.push((self.take_place(org, agent)?, Guard::Capacity));
            }
            items.extend(self.take_numbers(std::slice::from_ref(&ticket))?.map(|item| (item, Guard::Counter)));
            let guards: Vec<Guard> = items.iter().map(|(_, guard)| *guard).collect();
            match self.transact(items.into_iter().map(|(item, _)| item).collect()).await? {
                Outcome::Committed => return Ok(Some(ticket)),
                Outcome::Refused { place, found } => match guards.get(place) {
                    Some(Guard::Once) => return Err(ChangeError::Repeated),
                    Some(Guard::Ticket) | None => return Ok(None),
                    Some(Guard::Slot) => return Err(ChangeError::OtherTicketActive { ticket: None }),
                    Some(Guard::Quota) => quota = self.quota(&ticket, now).await?,
                    Some(Guard::Capacity) => {
                        let agent = ticket.agent.ok_or_else(Error::contended)?;
                        return Err(ChangeError::AtCapacity { agent });
                    }
                    Some(Guard::Counter) => counter = self.counter_after_losing(org, found, attempt).await?,
                },
            }
        }
        Err(Error::contended().into())
    }

    /// The conversation, which may not have been written to yet, names the ticket that is made for its generation.
    fn link_slot(&self, ticket: &Ticket, generation: u32) -> Result<TransactWriteItem, Error> {
        let (Some(conversation), Some(connection)) = (&ticket.conversation, &ticket.connection) else {
            return Err(Error::contended());
        };
        self.update(keys::conversation(&ticket.org, conversation))
            .update_expression(
                "SET slot = :ticket, gen = :gen, id = if_not_exists(id, :id), con = if_not_exists(con, :con), \
                 ctc = if_not_exists(ctc, :ctc)",
            )
            .condition_expression("(attribute_not_exists(gen) OR gen = :gen) AND attribute_not_exists(slot)")
            .expression_attribute_values(":gen", number(generation))
            .expression_attribute_values(":ticket", text(ticket.id.as_str()))
            .expression_attribute_values(":id", text(conversation.as_str()))
            .expression_attribute_values(":con", text(connection.as_str()))
            .expression_attribute_values(":ctc", text(ticket.contact.as_str()))
            .into_transact()
    }

    /// Takes one of the contact's places, if it is still as it is read here. Errors: `TooMany`.
    async fn quota(&self, ticket: &Ticket, now: Timestamp) -> Result<TransactWriteItem, ChangeError> {
        let (org, contact) = (&ticket.org, &ticket.contact);
        let key = keys::made_by_hand(org, contact);
        let found = self.get(key.clone(), true).await?;
        let made: Made = found.clone().map(read).transpose()?.unwrap_or_default();
        let tickets = self.contact_tickets(org, contact).await?;
        let open = tickets.iter().filter(|ticket| ticket.state.is_active()).count();
        let mut item = write(key, &made.one_more(open, now)?)?;
        item.insert("ctc".to_owned(), text(contact.as_str()));
        let put = self.put(item);
        let put = match found.and_then(|item| item.get("times").cloned()) {
            Some(times) => put.condition_expression("times = :times").expression_attribute_values(":times", times),
            None => put.condition_expression("attribute_not_exists(pk)"),
        };
        Ok(put.into_transact()?)
    }

    /// The tickets of a contact, newest first: those made by hand, and of each conversation the last fifty.
    pub async fn contact_tickets(&self, org: &OrganizationId, contact: &ContactId) -> Result<Vec<Ticket>, Error> {
        let made: Vec<ContactTicketItem> =
            self.all_under(keys::contact(org, contact).pk, keys::CONTACT_TICKET_PREFIX, true).await?;
        let mut wanted: Vec<TicketId> = made.into_iter().map(|made| made.tkt).collect();
        for conversation in self.contact_conversations(org, contact).await? {
            let first = conversation.generation.saturating_sub(GENERATIONS - 1);
            wanted
                .extend((first..=conversation.generation).map(|generation| TicketId::of(&conversation.id, generation)));
        }
        let mut tickets = self.several_tickets(org, wanted.into_iter()).await?;
        tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.number.number));
        Ok(tickets)
    }

    /// The conversations of a contact that have begun, one for each connection that it has written to.
    pub async fn contact_conversations(
        &self,
        org: &OrganizationId,
        contact: &ContactId,
    ) -> Result<Vec<Conversation>, Error> {
        let connections = self.connections(org).await?;
        let ids: Vec<ConversationId> = connections.iter().map(|of| ConversationId::of(&of.id, contact)).collect();
        let written = self.batch_get(ids.iter().map(|id| keys::conversation(org, id)).collect(), false).await?;
        let mut all = written.into_iter().map(from_item).collect::<Result<Vec<_>, Error>>()?;
        let unwritten = ids.iter().filter(|id| all.iter().all(|written| written.id != **id));
        let begun = self.several_tickets(org, unwritten.map(|id| TicketId::of(id, 0))).await?;
        all.extend(begun.iter().filter_map(Conversation::begun_by));
        Ok(all)
    }
}
