//! Everything between one contact and one connection, for ever; the slot of its active ticket.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{ConnectionId, ContactId, ConversationId, TicketId};

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

/// How long after a contact's message free text may be sent to it. Source: whatsapp.md §2.
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
    /// The id of the one that was counted last, by which a worker sees that another counted its message.
    pub last_in_id: Option<String>,
    /// Up to which of them our side has read.
    pub read_seq: u64,
    /// When the contact wrote last, by the provider's clock.
    pub last_in_at: Option<Timestamp>,
    /// When our side wrote last.
    pub last_out_at: Option<Timestamp>,
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
            last_in_id: None,
            read_seq: 0,
            last_in_at: None,
            last_out_at: None,
        }
    }

    /// How many of the contact's messages nobody has read.
    pub fn unread(&self) -> u64 {
        self.in_seq.saturating_sub(self.read_seq)
    }

    /// Until when free text may be sent; `None` when the contact never wrote.
    pub fn window_expires_at(&self) -> Option<Timestamp> {
        self.last_in_at.map(|at| at.saturating_add(WINDOW).unwrap_or(Timestamp::MAX))
    }
}
