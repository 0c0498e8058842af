//! What the dialects render: a ticket with the few things that people see beside it.

use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ticket::Ticket;
use jiff::Timestamp;

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

impl TicketView {
    /// The number as the organization writes it.
    pub(crate) fn display_number(&self) -> String {
        format!("#{}", self.ticket.number.number)
    }

    /// The contact's phone number, if one is known.
    pub(crate) fn phone(&self) -> Option<&str> {
        self.contact.as_ref()?.phone().map(|alias| alias.value.as_str())
    }

    /// The contact's name.
    pub(crate) fn contact_name(&self) -> Option<&str> {
        self.contact.as_ref()?.name.as_deref()
    }

    /// How many of the contact's messages nobody has read.
    pub(crate) fn unread(&self) -> u64 {
        self.conversation.as_ref().map_or(0, Conversation::unread)
    }

    /// Until when free text may be sent to the contact.
    pub(crate) fn window_expires_at(&self) -> Option<Timestamp> {
        self.conversation.as_ref()?.window_expires_at()
    }
}
