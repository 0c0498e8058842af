//! Every item of the table, decoded and held against its own key (invariant I7): what `turno check` reads.
//!
//! Behind the feature `survey`, which no function enables: functions ask for what they need and never read a whole table. The
//! reader brings the items from wherever they lie; which keys there are, and what each must hold, is this crate's to know.

mod decode;
mod fault;
mod place;

use domain::agent::Agent;
use domain::alias::AliasKind;
use domain::connection::Connection;
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ids::{AgentId, ConnectionId, ContactId, ConversationId, OrganizationId, QueueId, TicketId};
use domain::invariants::delivery::Receipt;
use domain::invariants::history::Row;
use domain::invariants::messages::Said;
use domain::invariants::numbers::Counter;
use domain::invariants::statistics::Counts;
use domain::invariants::{Finding, named};
use domain::note::Note;
use domain::ticket::Ticket;

pub use decode::read;
pub use fault::Fault;
pub use place::Place;

/// An item of the table.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// Whose it is; absent for items that belong to no organization.
    pub org: Option<OrganizationId>,
    /// What it is.
    pub entry: Entry,
    /// What is wrong with it by itself.
    pub faults: Vec<Fault>,
}

/// What an item is.
#[derive(Debug, Clone)]
pub enum Entry {
    /// The organization itself.
    Organization,
    /// Its counter, which also counts what tickets were made as.
    Counter(Counter, Counts),
    /// A connection.
    Connection(Box<Connection>),
    /// How a connection is doing.
    Line,
    /// A template of an account.
    Template,
    /// A queue.
    Queue(QueueId),
    /// An agent.
    Agent(Box<Agent>),
    /// A service key, by its id.
    ServiceKey(AgentId),
    /// The way from a provider account to a connection.
    Account {
        /// The connection; the organization is the item's.
        connection: ConnectionId,
        /// Where it lies.
        place: Place,
    },
    /// The way from an identity to a contact.
    Alias {
        /// The kind of identity.
        kind: AliasKind,
        /// The contact.
        contact: ContactId,
        /// Where it lies.
        place: Place,
    },
    /// A contact's profile.
    ///
    /// With the one that it went into, if it went into one.
    Contact(Box<Contact>, Option<ContactId>),
    /// A conversation's state.
    Conversation(Box<Conversation>),
    /// A message.
    Said(ConversationId, Box<Said>),
    /// A ticket.
    Ticket(Box<Ticket>),
    /// The mark of a slot that an older ticket took again.
    Mark {
        /// The ticket at whose place it lies.
        at: TicketId,
        /// The ticket that took the slot.
        held_by: TicketId,
    },
    /// A note on a ticket.
    Note(Box<Note>),
    /// The way from a contact to a ticket that was made by hand.
    Handmade {
        /// The contact.
        contact: ContactId,
        /// The ticket.
        ticket: TicketId,
    },
    /// When a contact's last tickets were made by hand.
    Quota(ContactId),
    /// The answer of a request that is carried out once.
    Once,
    /// A row of a ticket's history.
    Row(TicketId, Box<Row>),
    /// What a provider reported of a message.
    Receipt(Box<Receipt>),
    /// A part of the statistics.
    Statistics(Counts),
    /// A unit kept for a person to look at.
    Inspection,
    /// What cannot be read, by the shape of its key alone.
    Unknown(String),
}

impl Surveyed {
    /// What is wrong with the item by itself.
    pub fn findings(&self) -> Vec<Finding> {
        let name = self.name();
        self.faults.iter().map(|fault| Finding::new(fault.invariant(), format!("{name} {fault}"))).collect()
    }

    /// Whether it cannot be taken for what its key says, so that nothing may be concluded from it.
    pub fn is_unusable(&self) -> bool {
        let unusable =
            |fault: &Fault| matches!(fault, Fault::Unknown | Fault::Unreadable | Fault::Misplaced | Fault::Names(_));
        self.faults.iter().any(unusable)
    }

    /// The item as a finding names it: by ids, numbers and times alone.
    fn name(&self) -> String {
        match &self.entry {
            Entry::Organization => "the organization".to_owned(),
            Entry::Counter(..) => "the counter".to_owned(),
            Entry::Connection(connection) => format!("connection {}", connection.id),
            Entry::Line => "the state of a connection".to_owned(),
            Entry::Template => "a template".to_owned(),
            Entry::Queue(id) => format!("queue {id}"),
            Entry::Agent(agent) => format!("agent {}", agent.id),
            Entry::ServiceKey(id) => format!("service key {id}"),
            Entry::Account { connection, .. } => format!("the provider account of connection {connection}"),
            Entry::Alias { kind, contact, .. } => format!("an identity ({}) of contact {contact}", kind.as_str()),
            Entry::Contact(contact, _) => format!("contact {}", contact.id),
            Entry::Conversation(conversation) => format!("conversation {}", conversation.id),
            Entry::Said(conversation, said) => {
                format!("the message of {} in conversation {conversation}", said.sent_at.as_millisecond())
            }
            Entry::Ticket(ticket) => named(ticket),
            Entry::Mark { at, .. } => format!("the slot mark {at}"),
            Entry::Note(note) => format!("a note on ticket {}", note.ticket),
            Entry::Handmade { contact, ticket } => format!("the way from contact {contact} to ticket {ticket}"),
            Entry::Quota(contact) => format!("the times at which tickets of contact {contact} were made"),
            Entry::Once => "the answer of a request".to_owned(),
            Entry::Row(ticket, row) => format!("row {} of the history of ticket {ticket}", row.version),
            Entry::Receipt(receipt) => format!("a receipt of connection {}", receipt.connection),
            Entry::Statistics(_) => "a part of the statistics".to_owned(),
            Entry::Inspection => "a unit kept for inspection".to_owned(),
            Entry::Unknown(shape) => format!("an item {shape}"),
        }
    }
}

#[cfg(test)]
mod tests;
