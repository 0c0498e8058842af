//! Several messages of one person in a batch: who wrote, and the conversation as the last message left it, need not be read again for
//! the next, and the conversation is written once for all of them.
//!
//! Who else writes to the conversation meanwhile is noticed where it always is: its write is refused, and then everything is read.

use std::collections::VecDeque;

use domain::alias::Alias;
use domain::connection::Connection;
use domain::conversation::{COUNTED_AT_ONCE, Conversation};
use domain::ids::ContactId;
use domain::ingest::{Count, Plan, TicketStep};
use domain::message::InboundMessage;
use jiff::Timestamp;
use storage::{Person, Progress};

/// The messages of a group of a batch that are stored and not counted yet, and what is known of the person who wrote last.
#[derive(Debug, Default)]
pub struct Burst {
    left: Option<Left>,
    pub(crate) uncounted: VecDeque<Uncounted>,
    /// How all of them are counted at once. None when each has to look for itself.
    pub(crate) count: Option<Count>,
    /// The place of the first record whose message could not be counted.
    failed_at: Option<usize>,
}

/// What a message left behind.
#[derive(Debug)]
struct Left {
    aliases: Vec<Alias>,
    conversation: Conversation,
}

/// By which connection a message came, from whom, and in which of the contacts' conversations that the person was it belongs.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) connection: Connection,
    pub(crate) person: Person,
    pub(crate) contact: ContactId,
}

/// A message that is stored and whose ticket stands.
#[derive(Debug)]
pub(crate) struct Uncounted {
    /// The place of its record in the group.
    pub(crate) at: usize,
    pub(crate) origin: Origin,
    pub(crate) inbound: InboundMessage,
    pub(crate) plan: Plan,
    pub(crate) progress: Progress,
}

impl Burst {
    /// The place of the first record whose message could not be counted.
    pub(crate) fn failed_at(&self) -> Option<usize> {
        self.failed_at
    }

    /// Who wrote, and the conversation, if the message before this one was of the same person under the same identities. It is told once.
    pub(crate) fn take(&mut self, connection: &Connection, inbound: &InboundMessage) -> Option<(Person, Conversation)> {
        let Left { aliases, conversation } = self.left.take()?;
        let is_next =
            inbound.from_contact && conversation.connection == connection.id && aliases == inbound.sender.aliases;
        let person = Person { id: conversation.contact.clone(), absorbed: Vec::new() };
        is_next.then_some((person, conversation))
    }

    /// Adds a message that was planned at `now`. Whether it may wait for the next one: not when its ticket was made or changed by it,
    /// nor beyond as many as a conversation remembers, of which a worker that was overtaken has to find each counted.
    ///
    /// Nothing is left of a person that was several contacts, since each of its messages has to find the conversation that it was
    /// stored in.
    pub(crate) fn add(&mut self, message: Uncounted, now: Timestamp) -> bool {
        let count = message.plan.count(&message.inbound, now);
        let is_one = message.origin.person.absorbed.is_empty();
        let left = || Left { aliases: message.inbound.sender.aliases.clone(), conversation: count.after.clone() };
        self.left = is_one.then(left);
        let may_wait = is_one && matches!(message.plan.ticket, TicketStep::Join(_));
        self.uncounted.push_back(message);
        self.count = Some(match self.count.take() {
            Some(before) => before.and(count),
            None => count,
        });
        may_wait && self.uncounted.len() < COUNTED_AT_ONCE
    }

    /// The conversation is not as the last message left it.
    pub(crate) fn forget(&mut self) {
        self.left = None;
        self.count = None;
    }

    /// The messages that are left come again.
    pub(crate) fn fail(&mut self) {
        self.forget();
        self.failed_at = self.failed_at.or(self.uncounted.front().map(|first| first.at));
        self.uncounted.clear();
    }
}
