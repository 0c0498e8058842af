//! What one message does, decided from what was read: `domain/src/ingest.rs`.

use domain::ticket::TicketState;

use super::changes::Change;
use super::table::{Conversation, ConversationId, Counted, Place, Ticket, TicketId};
use super::variant::Variant;

/// A ticket with its id.
pub(super) type Found = Option<(TicketId, Ticket)>;

/// One message, and what the model needs to know of its worker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) variant: Variant,
    /// Whether the connection reopens closed tickets.
    pub(super) reopens: bool,
    pub(super) worker: u8,
    pub(super) message: u8,
    pub(super) person: u8,
    pub(super) connection: u8,
    /// Whether messages of the same worker before it wait for their count: `storage::Basis`.
    pub(super) on_uncounted: bool,
}

/// What `domain::ingest::plan` decided, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    pub(super) generation: u8,
    pub(super) in_seq: u8,
    pub(super) counted: Counted,
    pub(super) step: TicketStep,
}

/// What happens to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum TicketStep {
    Join(TicketId),
    Change(Change),
    Open(TicketId),
}

impl Plan {
    /// `domain::ingest::plan`, for a conversation with this id.
    pub(super) fn of(work: Work, id: ConversationId, conversation: Option<Conversation>, ticket: Found) -> Self {
        let known = conversation.unwrap_or_default();
        let (generation, in_seq) = (known.generation.unwrap_or_default(), known.in_seq.unwrap_or_default());
        let salt = if work.variant == Variant::RandomTicketId { work.worker + 1 } else { 0 };
        let next = TicketStep::Open(TicketId { conversation: id, generation, salt });
        let step = match ticket {
            None => next,
            Some((_, ticket)) if ticket.state == TicketState::Cancelled => next,
            Some((_, ticket)) if ticket.state == TicketState::Closed && !work.reopens => next,
            Some((id, before)) if before.state == TicketState::Resolved && !work.reopens => {
                let after = Ticket { kept: true, version: before.version + 1, ..before };
                let kept = TicketStep::Change(Change { id, before, after, guarded: true });
                if before.kept { TicketStep::Join(id) } else { kept }
            }
            Some((id, before)) if matches!(before.state, TicketState::Resolved | TicketState::Closed) => {
                let (state, version) = (TicketState::Reopened, before.version + 1);
                let after = Ticket { state, agent: None, answered: false, version, ..before };
                TicketStep::Change(Change { id, before, after, guarded: true })
            }
            Some((id, _)) => TicketStep::Join(id),
        };
        Self { generation, in_seq, counted: known.counted, step }
    }

    pub(super) fn ticket(&self) -> TicketId {
        match self.step {
            TicketStep::Join(id) | TicketStep::Open(id) => id,
            TicketStep::Change(change) => change.id,
        }
    }

    /// `domain::conversation::Conversation::counted_lately`.
    pub(super) fn counted_lately(&self, work: Work) -> bool {
        match work.variant {
            Variant::RemembersOne => self.counted.newest() == Some(work.message),
            _ => self.counted.has(work.message),
        }
    }

    /// `domain::conversation::Conversation::has_counted`.
    pub(super) fn has_counted(&self, work: Work, seq: u8) -> bool {
        match work.variant {
            Variant::AnyStoredIsDone => true,
            Variant::RemembersOne => seq <= self.in_seq,
            _ => seq + self.counted.len() <= self.in_seq || self.counted.has(work.message),
        }
    }

    pub(super) fn place(&self) -> Place {
        Place { seq: self.in_seq + 1, ticket: self.ticket() }
    }
}
