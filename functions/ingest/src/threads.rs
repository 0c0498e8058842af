//! Where a person goes on that was several contacts: each of them may have a conversation on the connection, and one goes on.

use domain::connection::Connection;
use domain::ids::{ContactId, ConversationId};
use domain::message::{InboundMessage, MessageRef};
use domain::ticket::Ticket;
use jiff::Timestamp;
use runtime::{Problem, clock};
use storage::{ChangeError, Person};

use crate::Ingest;
use crate::messages::TRIES;

/// A contact's conversation on the connection.
struct Thread {
    contact: ContactId,
    ticket: Option<Ticket>,
    last_in_at: Option<Timestamp>,
}

impl Ingest {
    /// The contact, of those that the person was, in whose conversation the message belongs. A person that always was one costs
    /// nothing here.
    ///
    /// The message's own conversation, where it came before; else that of the oldest active ticket, into which the others go;
    /// else the one that was written in last.
    pub(crate) async fn thread(
        &self,
        connection: &Connection,
        person: &Person,
        inbound: &InboundMessage,
    ) -> Result<ContactId, Problem> {
        if person.absorbed.is_empty() {
            return Ok(person.id.clone());
        }
        for _ in 0..TRIES {
            let mut threads = Vec::new();
            for contact in person.ids() {
                let conversation = ConversationId::of(&connection.id, contact);
                let reference = MessageRef::inbound(conversation.clone(), inbound);
                if self.storage.message(&connection.org, &reference).await?.is_some() {
                    return Ok(contact.clone());
                }
                let (state, ticket) = self.storage.known(&connection.org, contact, &conversation).await?;
                let last_in_at = state.and_then(|state| state.last_in_at);
                let ticket = ticket.filter(|ticket| !ticket.state.is_final());
                threads.push(Thread { contact: contact.clone(), ticket, last_in_at });
            }
            if self.leave_one_active(&threads).await? {
                return Ok(goes_on(person, &threads));
            }
        }
        Err(ChangeError::Stale.into())
    }

    /// Lets the younger of several active tickets go into the oldest. `false` when one of them changed meanwhile.
    async fn leave_one_active(&self, threads: &[Thread]) -> Result<bool, Problem> {
        let active = || threads.iter().filter_map(|thread| thread.ticket.as_ref());
        let Some(oldest) = active().map(|ticket| ticket.number.number).min() else { return Ok(true) };
        for ticket in active().filter(|ticket| ticket.number.number != oldest) {
            let Some(change) = ticket.merged_into(oldest, clock::now()) else { continue };
            match self.storage.change_ticket(&change).await {
                Ok(_) => tracing::info!(org.id = %ticket.org, ticket.id = %ticket.id, into = oldest, "ticket merged"),
                Err(ChangeError::Table(error)) => return Err(error.into()),
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}

fn goes_on(person: &Person, threads: &[Thread]) -> ContactId {
    let number = |thread: &Thread| thread.ticket.as_ref().map(|ticket| ticket.number.number);
    let oldest = threads.iter().filter(|thread| thread.ticket.is_some()).min_by_key(|thread| number(thread));
    let latest = || threads.iter().filter(|thread| thread.last_in_at.is_some()).max_by_key(|thread| thread.last_in_at);
    oldest.or_else(latest).map_or_else(|| person.id.clone(), |thread| thread.contact.clone())
}
