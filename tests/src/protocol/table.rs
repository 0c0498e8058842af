//! The table: what of its items decides anything, as values small enough to keep by the hundred thousand.

use std::collections::{BTreeMap, BTreeSet};

use domain::ticket::TicketState;

/// A contact; `maker` keeps apart the ids that different workers would have given one person. 0 was there from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ContactId {
    pub(super) person: u8,
    pub(super) maker: u8,
}

/// `ConversationId::of(connection, contact)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ConversationId {
    pub(super) connection: u8,
    pub(super) contact: ContactId,
}

/// `TicketId::of(conversation, generation)`; `salt` is 0 but in the variant with random ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TicketId {
    pub(super) conversation: ConversationId,
    pub(super) generation: u8,
    pub(super) salt: u8,
}

/// How many counted messages a conversation names: fewer than the code's, and as many as a scenario can need.
pub(super) const NAMED: usize = 4;

/// The messages that a conversation counted last, the newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Counted([Option<u8>; NAMED]);

impl Counted {
    /// With one more.
    pub(super) fn and(mut self, message: u8) -> Self {
        self.0.rotate_right(1);
        self.0[0] = Some(message);
        self
    }

    /// `domain::conversation::Conversation::counted_lately`.
    pub(super) fn has(self, message: u8) -> bool {
        self.0.contains(&Some(message))
    }

    /// The last of them.
    pub(super) fn newest(self) -> Option<u8> {
        self.0[0]
    }

    /// How many it names.
    pub(super) fn len(self) -> u8 {
        u8::try_from(self.0.iter().flatten().count()).unwrap()
    }
}

/// A conversation's item. `None` is an attribute that is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Conversation {
    /// Whether `id`, `con` and `ctc` are there, without which it cannot be read.
    pub(super) named: bool,
    pub(super) generation: Option<u8>,
    pub(super) in_seq: Option<u8>,
    /// The messages counted last, the newest at the end.
    pub(super) counted: Counted,
    pub(super) slot: Option<TicketId>,
    pub(super) previous: Option<TicketId>,
}

/// What a stored message says of the work that it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) seq: u8,
    pub(super) ticket: TicketId,
}

/// A ticket's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Ticket {
    pub(super) number: u8,
    pub(super) state: TicketState,
    pub(super) agent: Option<u8>,
    /// Whether the first answer of this cycle was given.
    pub(super) answered: bool,
    /// Whether the contact wrote to it since it was resolved, so that it no longer closes for silence.
    pub(super) kept: bool,
    /// The generation of its conversation's slot that it holds.
    pub(super) generation: u8,
    pub(super) version: u8,
}

impl Ticket {
    /// Whose place it takes up: `domain::ticket::Ticket::holder`.
    pub(super) fn holder(self) -> Option<u8> {
        self.agent.filter(|_| self.state.is_active())
    }
}

/// What lies at a ticket's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum AtKey {
    Ticket(Ticket),
    /// The mark of an older ticket that took the slot again.
    Mark,
}

/// An agent's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Agent {
    pub(super) capacity: u8,
    pub(super) load: i8,
}

/// All items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Table {
    pub(super) counter: u8,
    /// By person: each has one alias.
    pub(super) aliases: BTreeMap<u8, ContactId>,
    pub(super) profiles: BTreeSet<ContactId>,
    pub(super) conversations: BTreeMap<ConversationId, Conversation>,
    pub(super) messages: BTreeMap<(ConversationId, u8), Place>,
    pub(super) tickets: BTreeMap<TicketId, AtKey>,
    pub(super) agents: Vec<Agent>,
}

impl Table {
    /// A ticket; a mark is none.
    pub(super) fn ticket(&self, id: TicketId) -> Option<(TicketId, Ticket)> {
        match self.tickets.get(&id) {
            Some(AtKey::Ticket(ticket)) => Some((id, *ticket)),
            Some(AtKey::Mark) | None => None,
        }
    }

    /// All tickets.
    pub(super) fn all_tickets(&self) -> impl Iterator<Item = (TicketId, Ticket)> {
        self.tickets.keys().filter_map(|id| self.ticket(*id))
    }

    /// The ticket with a number.
    pub(super) fn numbered(&self, number: u8) -> Option<(TicketId, Ticket)> {
        self.all_tickets().find(|(_, ticket)| ticket.number == number)
    }
}
