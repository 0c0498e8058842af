//! The transaction that changes a ticket: `storage/src/ticket_changes.rs` `stage_change`, with its conditions in their order.

use super::table::{AtKey, Table, Ticket, TicketId};
use super::variant::Variant;

/// A change of a ticket that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Change {
    pub(super) id: TicketId,
    pub(super) before: Ticket,
    pub(super) after: Ticket,
    /// Whether the ticket's version and the history row's key are conditions: always, but in two variants.
    pub(super) guarded: bool,
}

/// Why nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Refused {
    Stale,
    AtCapacity,
    OtherTicketActive,
}

impl Change {
    /// Whether a finished ticket becomes active again, for which the conversation is read first.
    pub(super) fn takes_slot_again(&self) -> bool {
        self.before.state.is_final() && !self.after.state.is_final()
    }

    /// All of it or nothing.
    pub(super) fn commit(&self, variant: Variant, table: &mut Table) -> Result<(), Refused> {
        let Self { id, before, after, .. } = *self;
        let conversation = table.conversations.get(&id.conversation).copied();
        let mark = TicketId { generation: after.generation, salt: 0, ..id };
        let marks = self.takes_slot_again() && variant != Variant::ReopenWithoutMark;
        if marks && table.tickets.contains_key(&mark) {
            return Err(Refused::OtherTicketActive);
        }
        let is_free = conversation.is_some_and(|c| c.generation == Some(after.generation) && c.slot.is_none());
        if self.takes_slot_again() && !is_free {
            return Err(Refused::OtherTicketActive);
        }
        if self.guarded && table.ticket(id).is_none_or(|(_, now)| now.version != before.version) {
            return Err(Refused::Stale);
        }
        let (leaves, takes) =
            if before.holder() == after.holder() { (None, None) } else { (before.holder(), after.holder()) };
        if let Some(agent) = takes.map(|agent| table.agents[usize::from(agent)])
            && variant != Variant::CapacityUnchecked
            && agent.load >= i8::try_from(agent.capacity).unwrap()
        {
            return Err(Refused::AtCapacity);
        }
        let releases = !before.state.is_final() && after.state.is_final();
        let generation = conversation.and_then(|c| c.generation);
        if releases && generation.is_some_and(|now| now != after.generation) {
            return Err(Refused::OtherTicketActive);
        }
        if marks {
            table.tickets.insert(mark, AtKey::Mark);
        }
        table.tickets.insert(id, AtKey::Ticket(after));
        if let Some(agent) = leaves {
            table.agents[usize::from(agent)].load -= 1;
        }
        if let Some(agent) = takes {
            table.agents[usize::from(agent)].load += 1;
        }
        if self.takes_slot_again() {
            table.conversations.entry(id.conversation).or_default().slot = Some(id);
        }
        if releases {
            let conversation = table.conversations.entry(id.conversation).or_default();
            conversation.named = true;
            conversation.generation = Some(after.generation + 1);
            conversation.previous = Some(id);
            conversation.slot = None;
        }
        Ok(())
    }
}
