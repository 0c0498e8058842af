//! What one inbound message does: the decision, made from what is known and nothing else.
//!
//! The same input always gives the same plan, so a plan that was half carried out before a crash is made again and finished.

use jiff::Timestamp;

use crate::connection::{Connection, ReopenPolicy};
use crate::conversation::Conversation;
use crate::delivery::Delivery;
use crate::ids::{ContactId, TicketId};
use crate::message::{Content, Direction, Effect, InboundMessage, Message, MessageRef};
use crate::shown;
use crate::sla::Sla;
use crate::ticket::{Category, Details, Priority, Source, Ticket, TicketChange, TicketState};

/// The longest title made from a message, in characters. Short, so that the ticket stays within one write unit.
const TITLE_LENGTH: usize = 60;

/// How much of a text is looked at for a title, in bytes.
const LONGEST_READ: usize = 16_384;

/// What the table knows when a message comes.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// The connection that it came by.
    pub connection: &'a Connection,
    /// The contact that wrote.
    pub contact: &'a ContactId,
    /// The conversation, unless this is its first message.
    pub conversation: Option<Conversation>,
    /// The ticket in the conversation's slot or, when the slot is empty, the one that left it last.
    pub ticket: Option<Ticket>,
}

/// What is to be done, in this order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The conversation as it was read, or a new one.
    pub conversation: Conversation,
    /// The message to store.
    pub message: Message,
    /// What happens to a ticket.
    pub ticket: TicketStep,
}

/// What happens to a ticket.
#[derive(Debug, Clone)]
pub enum TicketStep {
    /// Nothing: the message is only stored.
    None,
    /// The message joins the active ticket, which does not change.
    Join(TicketId),
    /// The message joins a ticket that changes by it.
    Change(Box<TicketChange>),
    /// The message opens the conversation's next ticket.
    Open(Box<NewTicket>),
}

/// A ticket to be made. It has no number yet: that is taken in the transaction that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    /// The ticket with number 0.
    pub ticket: Ticket,
}

/// Decides what a message does.
pub fn plan(known: Known<'_>, inbound: &InboundMessage, now: Timestamp) -> Plan {
    let conversation =
        known.conversation.unwrap_or_else(|| Conversation::new(known.connection.id.clone(), known.contact.clone()));
    let ticket = match inbound.effect {
        Effect::Silent => TicketStep::None,
        Effect::Opens => ticket_step(known.connection, &conversation, known.ticket, inbound, now),
    };
    let mut content = inbound.content.clone();
    content.media = content.media.map(|media| media.by(&known.connection.id));
    let message = Message {
        reference: MessageRef::inbound(conversation.id.clone(), inbound),
        ticket: ticket.ticket_id().cloned(),
        direction: direction(inbound),
        content,
        provider_id: Some(inbound.provider_id.clone()),
        seq: if inbound.effect == Effect::Opens { conversation.in_seq + 1 } else { 0 },
    };
    Plan { conversation, message, ticket }
}

/// Where a message is looked for that may be known by another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherTime {
    /// The conversation counted its id lately.
    AmongTheNewest,
    /// It comes late, or conversations do not count it.
    WithinAnHour,
}

/// One write of a conversation, by which messages that are stored are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The generation that was read. The conversation must still be in it.
    pub generation: u32,
    /// How many messages were counted when it was read. No other may have been since.
    pub in_seq: u64,
    /// The conversation once they are counted.
    pub after: Conversation,
}

impl Count {
    /// These and those that were planned on what they leave behind.
    #[must_use]
    pub fn and(self, next: Self) -> Self {
        Self { after: next.after, ..self }
    }
}

impl Plan {
    /// Where the message may be stored already with another time: some providers give one message another when they tell of it again.
    pub fn may_be_known_by_another_time(&self, inbound: &InboundMessage) -> Option<OtherTime> {
        let is_late = || self.conversation.last_in_at.is_some_and(|last| inbound.sent_at < last);
        if self.message.seq > 0 && self.conversation.counted_lately(&self.message.reference.id) {
            Some(OtherTime::AmongTheNewest)
        } else if self.message.seq == 0 || is_late() {
            Some(OtherTime::WithinAnHour)
        } else {
            None
        }
    }

    /// Whether the contact shows other names than with the last message that it wrote. One that comes late says nothing of today's.
    pub fn names_are_new(&self, inbound: &InboundMessage, now: Timestamp) -> bool {
        let names = Conversation::names_of(&inbound.sender);
        let is_late = self.conversation.last_in_at.is_some_and(|last| inbound.written_at(now) < last);
        names.is_some() && names != self.conversation.names && !is_late
    }

    /// The count of the message, once it is stored and its ticket stands.
    pub fn count(&self, inbound: &InboundMessage, now: Timestamp) -> Count {
        let before = self.conversation.clone();
        let after = Conversation {
            in_seq: self.message.seq,
            counted: before.counting(&self.message.reference.id),
            last_in_at: before.last_in_at.max(Some(inbound.written_at(now))),
            slot: self.ticket.ticket_id().cloned().or(before.slot),
            names: if self.names_are_new(inbound, now) {
                Conversation::names_of(&inbound.sender)
            } else {
                before.names
            },
            ..before
        };
        Count { generation: self.conversation.generation, in_seq: self.conversation.in_seq, after }
    }
}

impl TicketStep {
    /// The ticket that the message belongs to.
    pub fn ticket_id(&self) -> Option<&TicketId> {
        match self {
            Self::None => None,
            Self::Join(id) => Some(id),
            Self::Change(change) => Some(&change.after.id),
            Self::Open(new) => Some(&new.ticket.id),
        }
    }
}

fn direction(inbound: &InboundMessage) -> Direction {
    if inbound.from_contact {
        Direction::In
    } else {
        Direction::Out { agent: None, delivery: Delivery::Sent, error: None }
    }
}

fn ticket_step(
    connection: &Connection,
    conversation: &Conversation,
    ticket: Option<Ticket>,
    inbound: &InboundMessage,
    now: Timestamp,
) -> TicketStep {
    let Some(ticket) = ticket else {
        return TicketStep::Open(Box::new(new_ticket(connection, conversation, None, inbound, now)));
    };
    match ticket.state {
        // A cancelled ticket was no work at all, and one that is a part of another is over: they are never reopened.
        TicketState::Cancelled | TicketState::Closed if !reopens_at_all(&ticket) => {
            TicketStep::Open(Box::new(new_ticket(connection, conversation, Some(ticket.id), inbound, now)))
        }
        TicketState::Closed => {
            let closed_at = ticket.closed_at.unwrap_or(ticket.updated_at);
            let reopens = connection.reopen.reopens(now.duration_since(closed_at));
            match ticket.customer_wrote(inbound.written_at(now), now) {
                Some(change) if reopens => TicketStep::Change(Box::new(change)),
                _ => TicketStep::Open(Box::new(new_ticket(connection, conversation, Some(ticket.id), inbound, now))),
            }
        }
        // It keeps the slot: what is said now belongs to it, and only a connection that never reopens leaves it resolved.
        TicketState::Resolved if connection.reopen == ReopenPolicy::Never => match ticket.kept_by_customer(now) {
            Some(change) => TicketStep::Change(Box::new(change)),
            None => TicketStep::Join(ticket.id),
        },
        _ => match ticket.customer_wrote(inbound.written_at(now), now) {
            Some(change) => TicketStep::Change(Box::new(change)),
            None => TicketStep::Join(ticket.id),
        },
    }
}

/// Whether a message of the contact may reopen a ticket that is done.
fn reopens_at_all(ticket: &Ticket) -> bool {
    ticket.state == TicketState::Closed && ticket.details.merged_into.is_none()
}

fn new_ticket(
    connection: &Connection,
    conversation: &Conversation,
    previous: Option<TicketId>,
    inbound: &InboundMessage,
    now: Timestamp,
) -> NewTicket {
    let priority = Priority::default();
    let ticket = Ticket {
        id: TicketId::of(&conversation.id, conversation.generation),
        org: connection.org.clone(),
        number: crate::number::TicketNumber { number: 0, year: 0, year_seq: 0 },
        state: TicketState::New,
        priority,
        category: Category::default(),
        title: title(&inbound.content),
        description: None,
        source: Source::Customer,
        contact: conversation.contact.clone(),
        conversation: Some(conversation.id.clone()),
        connection: Some(connection.id.clone()),
        queue: connection.queue.clone(),
        agent: None,
        is_group: inbound.sender.is_group,
        generation: Some(conversation.generation),
        previous,
        created_at: now,
        updated_at: now,
        assigned_at: None,
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        reopen_count: 0,
        details: Details::default(),
        // The contact waits since it wrote, however late the provider delivered.
        sla: Sla::starting(inbound.written_at(now), priority),
        version: 1,
    };
    NewTicket { ticket }
}

/// One line from a message: its first words, or the kind of a message that has none to see.
fn title(content: &Content) -> String {
    let line = one_line(content.text.as_deref().unwrap_or_default());
    if line.is_empty() { format!("[{}]", content.kind) } else { line }
}

/// One line from a text: its first words, cut at a character. Empty for a text in which nobody sees a word.
pub fn one_line(text: &str) -> String {
    // Long texts are cut before they are read through: a title is made of their beginning.
    let line = shown::line(&text[..text.floor_char_boundary(LONGEST_READ)]);
    if line.chars().count() <= TITLE_LENGTH {
        return line;
    }
    let mut cut: String = line.chars().take(TITLE_LENGTH - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests;
