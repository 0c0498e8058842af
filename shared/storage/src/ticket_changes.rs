//! Committing what happens to tickets that exist: a ticket, its history, its agent's load, its conversation's slot and the statistics
//! change together or not at all (invariants I2, I3, I4).

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::conversation::Conversation;
use domain::ids::{AgentId, OrganizationId, TicketId};
use domain::ticket::{Ticket, TicketChange};

use crate::item::{Item, number, text};
use crate::transaction::{IntoTransact, Outcome};
use crate::{ChangeError, Error, Storage, conversations, keys};

/// What a transaction's condition at one place stands for.
#[derive(Debug, Clone)]
enum Guard {
    Version,
    Capacity(AgentId),
    Slot,
    Once,
    Certain,
}

/// A transaction under construction: its items, and what a refusal of each means.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    items: Vec<TransactWriteItem>,
    guards: Vec<Guard>,
}

impl Changes {
    fn push(&mut self, item: TransactWriteItem, guard: Guard) {
        self.items.push(item);
        self.guards.push(guard);
    }

    /// Adds an item whose condition cannot fail unless the ticket's version failed too.
    pub(crate) fn push_certain(&mut self, item: TransactWriteItem) {
        self.push(item, Guard::Certain);
    }

    /// Adds the answer of a request, which must not have been carried out. It stands first: a repetition is told as one, though the
    /// ticket's version is another since.
    pub(crate) fn push_once(&mut self, item: TransactWriteItem) {
        self.items.insert(0, item);
        self.guards.insert(0, Guard::Once);
    }

    /// Adds the condition that the ticket still has the version that was read.
    pub(crate) fn push_version(&mut self, item: TransactWriteItem) {
        self.push(item, Guard::Version);
    }
}

impl Storage {
    /// Commits a change of a ticket. Errors: `Stale`, `AtCapacity`, `OtherTicketActive`; the ticket is then as it was.
    pub async fn change_ticket(&self, change: &TicketChange) -> Result<Ticket, ChangeError> {
        let mut change = change.clone();
        let mut changes = Changes::default();
        self.stage_change(&mut change, &mut changes).await?;
        self.commit(changes).await?;
        Ok(change.after)
    }

    /// Puts a change into a transaction. Reads the conversation where a finished ticket takes its slot again.
    pub(crate) async fn stage_change(
        &self,
        change: &mut TicketChange,
        changes: &mut Changes,
    ) -> Result<(), ChangeError> {
        if change.before.state.is_final() && !change.after.state.is_final() && change.after.generation.is_some() {
            self.stage_slot_taken_again(change, changes).await?;
        }
        let (before, after) = (&change.before, &change.after);
        changes.push(self.put_ticket_over(after, before.version)?, Guard::Version);
        for row in self.put_rows(after, &change.rows)? {
            changes.push(row, Guard::Version);
        }
        match (before.holder(), after.holder()) {
            (old, new) if old == new => {}
            (old, new) => {
                if let Some(agent) = old {
                    changes.push(self.leave_place(&after.org, agent)?, Guard::Certain);
                }
                if let Some(agent) = new {
                    changes.push(self.take_place(&after.org, agent)?, Guard::Capacity(agent.clone()));
                }
            }
        }
        if let Some(item) = self.count_change(before, after)? {
            changes.push(item, Guard::Certain);
        }
        if !before.state.is_final() && after.state.is_final() && after.generation.is_some() {
            changes.push(self.release_slot(after)?, Guard::Slot);
        }
        Ok(())
    }

    pub(crate) async fn commit(&self, changes: Changes) -> Result<(), ChangeError> {
        let Changes { items, guards } = changes;
        match self.transact(items).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused { place, found } => Err(match guards.get(place) {
                Some(Guard::Capacity(agent)) => ChangeError::AtCapacity { agent: agent.clone() },
                Some(Guard::Once) => ChangeError::Repeated,
                Some(Guard::Slot) => ChangeError::OtherTicketActive { ticket: slot_of(found) },
                Some(Guard::Version | Guard::Certain) | None => ChangeError::Stale,
            }),
        }
    }

    /// One place more is taken of the agent's capacity, if it is active and has one free.
    pub(crate) fn take_place(&self, org: &OrganizationId, agent: &AgentId) -> Result<TransactWriteItem, Error> {
        self.update(keys::agent(org, agent))
            .update_expression("ADD #load :one")
            .condition_expression("#load < #capacity AND is_active = :true")
            .expression_attribute_names("#capacity", "capacity")
            .expression_attribute_names("#load", "load")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":true", aws_sdk_dynamodb::types::AttributeValue::Bool(true))
            .into_transact()
    }

    /// One place of the agent's capacity is free again. An agent that was removed has no item to free it in.
    fn leave_place(&self, org: &OrganizationId, agent: &AgentId) -> Result<TransactWriteItem, Error> {
        self.update(keys::agent(org, agent))
            .update_expression("ADD #load :minus")
            .expression_attribute_names("#load", "load")
            .expression_attribute_values(":minus", number(-1))
            .into_transact()
    }

    /// The conversation's slot becomes free, and its generation rises: the ticket that held it can never hold it unnoticed again.
    fn release_slot(&self, ticket: &Ticket) -> Result<TransactWriteItem, Error> {
        let generation = ticket.generation.unwrap_or_default();
        let (Some(conversation), Some(connection)) = (&ticket.conversation, &ticket.connection) else {
            return Err(Error::contended());
        };
        // The first message's worker may not have written the conversation yet: then this writes it.
        self.update(keys::conversation(&ticket.org, conversation))
            .update_expression(
                "SET gen = :next, prev = :ticket, id = if_not_exists(id, :id), con = if_not_exists(con, :con), \
                 ctc = if_not_exists(ctc, :ctc) REMOVE slot",
            )
            .condition_expression("attribute_not_exists(gen) OR gen = :gen")
            .expression_attribute_values(":gen", number(generation))
            .expression_attribute_values(":next", number(generation + 1))
            .expression_attribute_values(":ticket", text(ticket.id.as_str()))
            .expression_attribute_values(":id", text(conversation.as_str()))
            .expression_attribute_values(":con", text(connection.as_str()))
            .expression_attribute_values(":ctc", text(ticket.contact.as_str()))
            .into_transact()
    }

    /// A finished ticket becomes active again: it takes the slot's present generation, in its own transaction, by putting a mark
    /// where the generation's own ticket would be made. Whoever wanted to make that ticket finds the mark.
    async fn stage_slot_taken_again(
        &self,
        change: &mut TicketChange,
        changes: &mut Changes,
    ) -> Result<(), ChangeError> {
        let after = &mut change.after;
        let Some(conversation_id) = after.conversation.clone() else { return Ok(()) };
        let conversation = self.conversation(&after.org, &conversation_id).await?;
        let Some(Conversation { generation, slot, .. }) = conversation else { return Err(ChangeError::Stale) };
        if slot.is_some() {
            return Err(ChangeError::OtherTicketActive { ticket: slot });
        }
        after.generation = Some(generation);
        let mut mark = Item::from(keys::ticket(&after.org, &TicketId::of(&conversation_id, generation)));
        mark.insert("held_by".to_owned(), text(after.id.as_str()));
        let mark = self.put(mark).condition_expression("attribute_not_exists(pk)").into_transact()?;
        changes.push(mark, Guard::Slot);
        let slot = self
            .update(keys::conversation(&after.org, &conversation_id))
            .update_expression("SET slot = :ticket")
            .condition_expression("gen = :gen AND attribute_not_exists(slot)")
            .expression_attribute_values(":gen", number(generation))
            .expression_attribute_values(":ticket", text(after.id.as_str()))
            .into_transact()?;
        changes.push(slot, Guard::Slot);
        Ok(())
    }
}

fn slot_of(found: Option<Item>) -> Option<TicketId> {
    conversations::from_item(found?).ok()?.slot
}
