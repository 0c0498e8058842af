//! The write of a conversation by which messages are counted: `domain::ingest::Count`, `Storage::count`.

use super::plan::{Plan, Work};
use super::table::{Conversation, ConversationId, Counted, Table, TicketId};
use super::variant::Variant;

/// One or several messages to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Count {
    id: ConversationId,
    generation: u8,
    in_seq: u8,
    counted: Counted,
    slot: TicketId,
    /// The conversation's `in_seq` when all are counted.
    after: u8,
}

impl Count {
    /// Of one message.
    pub(super) fn of(work: Work, id: ConversationId, plan: Plan) -> Self {
        Self {
            id,
            generation: plan.generation,
            in_seq: plan.in_seq,
            counted: plan.counted.and(work.message),
            slot: plan.ticket(),
            after: plan.in_seq + 1,
        }
    }

    pub(super) fn and(self, next: Self) -> Self {
        Self { generation: self.generation, in_seq: self.in_seq, ..next }
    }

    /// The conversation once all are counted.
    pub(super) fn leaves(self) -> Conversation {
        Conversation {
            named: true,
            generation: Some(self.generation),
            in_seq: Some(self.after),
            counted: self.counted,
            slot: Some(self.slot),
            previous: None,
        }
    }

    /// `false` when the conversation moved on.
    pub(super) fn commit(self, variant: Variant, table: &mut Table) -> bool {
        let conversation = table.conversations.entry(self.id).or_default();
        let same_generation = conversation.generation.is_none_or(|now| now == self.generation);
        let same_place = conversation.in_seq.is_none_or(|now| now == self.in_seq);
        let unguarded = variant == Variant::CountUnguarded;
        let commits = (same_generation || variant == Variant::GenerationUnchecked) && (same_place || unguarded);
        if commits {
            let before = if unguarded { conversation.in_seq.unwrap_or_default() } else { self.in_seq };
            let in_seq = Some(before + self.after - self.in_seq);
            *conversation = Conversation { in_seq, previous: conversation.previous, ..self.leaves() };
        }
        commits
    }
}
