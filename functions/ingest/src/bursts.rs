//! Several messages of one person in a batch: who wrote, and the conversation as the last message left it, need not be read again for
//! the next.
//!
//! Who else writes to the conversation meanwhile is noticed where it always is: its write is refused, and then everything is read.

use domain::alias::Alias;
use domain::connection::Connection;
use domain::conversation::Conversation;
use domain::ingest::Plan;
use domain::message::InboundMessage;
use jiff::Timestamp;
use storage::Person;

/// What is known of the person who wrote last, for as long as its messages of a batch are worked on.
#[derive(Debug, Default)]
pub struct Burst(Option<Left>);

/// What a message left behind.
#[derive(Debug)]
struct Left {
    aliases: Vec<Alias>,
    conversation: Conversation,
}

impl Burst {
    /// Who wrote, and the conversation, if the message before this one was of the same person under the same identities. It is told once.
    pub(crate) fn take(&mut self, connection: &Connection, inbound: &InboundMessage) -> Option<(Person, Conversation)> {
        let Left { aliases, conversation } = self.0.take()?;
        let is_next =
            inbound.from_contact && conversation.connection == connection.id && aliases == inbound.sender.aliases;
        let person = Person { id: conversation.contact.clone(), absorbed: Vec::new() };
        is_next.then_some((person, conversation))
    }

    /// Keeps what a message left behind that was counted just now.
    ///
    /// Nothing of a person that was several contacts, since each of its messages has to find the conversation that it was stored in; and
    /// nothing where another worker had counted the message already, because the plan's conversation has it then.
    pub(crate) fn keep(&mut self, person: &Person, inbound: &InboundMessage, plan: &Plan, now: Timestamp) {
        let is_counted = plan.message.seq > 0 && !plan.conversation.counted_lately(&plan.message.reference.id);
        let left = || Left { aliases: inbound.sender.aliases.clone(), conversation: plan.counted(inbound, now) };
        self.0 = (is_counted && person.absorbed.is_empty()).then(left);
    }
}
