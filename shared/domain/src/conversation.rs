//! Everything between one contact and one connection, for ever; the slot of its active ticket.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{self, ConnectionId, ContactId, ConversationId, TicketId};
use crate::message::{MessageRef, Sender};
use crate::ticket::Ticket;

/// Who answers: a program or a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A bot.
    Bot,
    /// An agent. The default: every first message makes a ticket for people.
    #[default]
    Agent,
}

/// How many messages may be counted at once. A conversation remembers at least as many. Source: docs/adr/0003-ingest-order.md.
pub const COUNTED_AT_ONCE: usize = 8;

/// How many counted messages a conversation remembers: among these a message that comes again with another time is known by its id.
pub const REMEMBERED: usize = 24;

/// How long after a contact's message free text may be sent to it. Source: docs/providers.md §2.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// A conversation's state. Small on purpose: every message rewrites it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id, derived from connection and contact.
    pub id: ConversationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The contact.
    pub contact: ContactId,
    /// Who answers.
    pub mode: Mode,
    /// The ticket in the slot: the active one. Empty when none is, or while a new one is being linked.
    pub slot: Option<TicketId>,
    /// Rises whenever the slot is released. The ticket `TicketId::of(id, generation)` is the only one that may take it.
    pub generation: u32,
    /// The ticket that left the slot last, for the reopen policy.
    pub previous: Option<TicketId>,
    /// How many messages of the contact are stored.
    pub in_seq: u64,
    /// Digests of the ids of those that were counted last, the newest first, by which a worker sees that its message was counted.
    pub counted: Vec<String>,
    /// Up to which of them our side has read.
    pub read_seq: u64,
    /// When the contact wrote last, by the provider's clock.
    pub last_in_at: Option<Timestamp>,
    /// When our side wrote last.
    pub last_out_at: Option<Timestamp>,
    /// The answers that wait until the contact writes.
    pub parked: Vec<MessageRef>,
    /// A digest of the names that the contact showed with its last message, by which a change is seen without reading its profile.
    pub names: Option<String>,
}

impl Conversation {
    /// A conversation that has not said anything yet.
    pub fn new(connection: ConnectionId, contact: ContactId) -> Self {
        Self {
            id: ConversationId::of(&connection, &contact),
            connection,
            contact,
            mode: Mode::Agent,
            slot: None,
            generation: 0,
            previous: None,
            in_seq: 0,
            counted: Vec::new(),
            read_seq: 0,
            last_in_at: None,
            last_out_at: None,
            parked: Vec::new(),
            names: None,
        }
    }

    /// The conversation as its first ticket shows it, while it is not written itself: the message that made the ticket is counted last.
    /// `None` for any other ticket. Source: docs/adr/0003-ingest-order.md.
    pub fn begun_by(ticket: &Ticket) -> Option<Self> {
        if ticket.generation != Some(0) {
            return None;
        }
        Some(Self {
            id: ticket.conversation.clone()?,
            slot: Some(ticket.id.clone()),
            last_in_at: Some(ticket.sla.opened_at),
            ..Self::new(ticket.connection.clone()?, ticket.contact.clone())
        })
    }

    /// Whether a message is one of those that were counted last.
    pub fn counted_lately(&self, message: &str) -> bool {
        self.counted.contains(&ids::digest(message))
    }

    /// Whether a message that is stored with the place `seq` was counted. Certain unless more than `REMEMBERED` messages were
    /// counted since it was stored: then it is taken for counted.
    pub fn has_counted(&self, message: &str, seq: u64) -> bool {
        seq.saturating_add(self.counted.len() as u64) <= self.in_seq || self.counted_lately(message)
    }

    /// The names of a contact as they are remembered here. None where it shows none.
    pub fn names_of(sender: &Sender) -> Option<String> {
        let (name, username) = (sender.name.as_deref(), sender.username());
        (name.is_some() || username.is_some())
            .then(|| ids::digest(&format!("{}\n{}", name.unwrap_or_default(), username.unwrap_or_default())))
    }

    /// `counted`, once this message is counted.
    pub fn counting(&self, message: &str) -> Vec<String> {
        std::iter::once(ids::digest(message)).chain(self.counted.iter().cloned()).take(REMEMBERED).collect()
    }

    /// How many of the contact's messages nobody has read.
    pub fn unread(&self) -> u64 {
        self.in_seq.saturating_sub(self.read_seq)
    }

    /// The parked answer that is sent first: the one that was written first.
    pub fn first_parked(&self) -> Option<&MessageRef> {
        self.parked.iter().min_by_key(|parked| (parked.sent_at, &parked.id))
    }

    /// Until when free text may be sent; `None` when the contact never wrote.
    pub fn window_expires_at(&self) -> Option<Timestamp> {
        self.last_in_at.map(|at| at.saturating_add(WINDOW).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_knows_which_of_its_last_messages_it_counted() {
        let new = Conversation::new(ConnectionId::new("c").unwrap(), ContactId::new("p").unwrap());
        let count = |before: Conversation, id: &str| Conversation {
            counted: before.counting(id),
            in_seq: before.in_seq + 1,
            ..before
        };
        let check = |conversation: &Conversation, id: &str, seq: u64, expected: bool| {
            assert_eq!(conversation.has_counted(id, seq), expected, "{id} {seq}");
        };
        check(&new, "a", 1, false);
        let two = count(count(new, "a"), "b");
        check(&two, "a", 1, true);
        check(&two, "stored and not counted", 1, false);
        check(&two, "has no place", 0, true);
        let many = (0..25).fold(two, |before, n| count(before, &n.to_string()));
        assert_eq!((many.in_seq, many.counted.len(), many.counted_lately("a")), (27, REMEMBERED, false));
        check(&many, "a", 1, true);
        check(&many, "stored and not counted", 4, false);
        check(&many, "stored too long ago to tell", 3, true);
        // An item that remembers nothing, as those of old are: what has a place up to the count was counted.
        check(&Conversation { counted: Vec::new(), ..many }, "b", 27, true);
    }
}
