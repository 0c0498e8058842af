//! What the dialects render: a ticket with the few things that people see beside it, and lists of them.

use std::collections::BTreeMap;

use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::event::HistoryRow;
use domain::ids::NoteId;
use domain::note::Note;
use domain::ticket::Ticket;
use jiff::Timestamp;
use storage::Surroundings;

/// A ticket with what belongs to its picture. What could not be read, or does not exist, is absent.
#[derive(Debug, Clone)]
pub struct TicketView {
    /// The ticket.
    pub ticket: Ticket,
    /// Whom it is for.
    pub contact: Option<Contact>,
    /// The conversation that it belongs to.
    pub conversation: Option<Conversation>,
    /// The name of its agent.
    pub agent_name: Option<String>,
}

/// What happened to a ticket and what was noted beside it, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// Its history after its creation.
    pub rows: Vec<HistoryRow>,
    /// Its notes.
    pub notes: Vec<Note>,
    /// Links to the files of its notes, for now.
    pub links: BTreeMap<NoteId, String>,
    /// The version that its history goes further back before, if it does.
    pub history_before: Option<u64>,
    /// The note that its notes go further back before, if they do.
    pub notes_before: Option<NoteId>,
}

/// A part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The tickets.
    pub views: &'a [TicketView],
    /// Which part, from 1.
    pub page: u64,
    /// How many tickets a part has at most.
    pub limit: u64,
    /// How many tickets all parts have together, as far as that is known.
    pub total: u64,
    /// Whether another part follows.
    pub has_more: bool,
}

impl TicketView {
    /// The picture of a ticket, from what belongs to it and perhaps to others.
    pub(crate) fn of(ticket: Ticket, around: &Surroundings) -> Self {
        Self {
            contact: around.contact(&ticket).cloned(),
            conversation: around.conversation(&ticket).cloned(),
            agent_name: around.agent_name(&ticket).map(str::to_owned),
            ticket,
        }
    }

    /// The number as the organization writes it.
    pub(crate) fn display_number(&self) -> String {
        self.ticket.display_number()
    }

    /// The contact's phone number, if one is known.
    pub(crate) fn phone(&self) -> Option<&str> {
        self.contact.as_ref()?.phone().map(|alias| alias.value.as_str())
    }

    /// The contact's name.
    pub(crate) fn contact_name(&self) -> Option<&str> {
        self.contact.as_ref()?.shown_name()
    }

    /// How many of the contact's messages nobody has read.
    pub fn unread(&self) -> u64 {
        self.conversation.as_ref().map_or(0, Conversation::unread)
    }

    /// Until when free text may be sent to the contact.
    pub(crate) fn window_expires_at(&self) -> Option<Timestamp> {
        self.conversation.as_ref()?.window_expires_at()
    }
}
