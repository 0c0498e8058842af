//! Edits and deletions that are told by events of their own: the id of the message decides whose conversation they belong to, and
//! whose side. Source: docs/adr/0035-what-gateways-say.md.

use channels::{Amendment, Naming, Unit};
use domain::connection::Connection;
use domain::ids::{ContactId, ConversationId, OrganizationId};
use domain::message::{Direction, InboundMessage, Message};
use jiff::Timestamp;
use runtime::Problem;
use storage::Person;

use crate::Ingest;
use crate::bursts::{Burst, Origin};

/// How many of a conversation's newest messages are looked through for the one that an event is about.
const LOOKED_THROUGH: u32 = 60;

/// How many of an organization's newest tickets are looked through for the conversation, and how many at once.
const NEWEST_TICKETS: u32 = 500;
const TICKETS_AT_ONCE: u32 = 50;

/// The message that an event is about, as it is stored.
struct Original {
    contact: ContactId,
    message: Option<Message>,
    /// The newest messages of its conversation.
    newest: Vec<Message>,
    from_contact: bool,
}

impl Ingest {
    /// Takes an edit or a deletion. Reads more than a message does, and seldom: people edit little.
    pub(crate) async fn amendment(
        &self,
        connection: Connection,
        amendment: Amendment,
        unit: &Unit,
        at: usize,
        burst: &mut Burst,
    ) -> Result<(), Problem> {
        self.count(burst).await?;
        let Amendment { original, mut message, naming } = amendment;
        let named = self.named(&connection, &message).await?;
        let Some(found) = self.original(&connection, original.as_str(), named.as_ref()).await? else {
            return match (naming, named) {
                (Naming::Sure, _) if !message.sender.aliases.is_empty() => {
                    self.message(connection, message, at, burst).await
                }
                (_, Some(_)) => self.message(connection, message, at, burst).await,
                // Nothing is lost with it: nobody has the message that is gone.
                _ if message.content.kind == "revoke" => {
                    tracing::info!(org.id = %connection.org, connection.id = %connection.id, "an unknown message was deleted");
                    Ok(())
                }
                _ => self.inspect(unit, "edit_of_an_unknown_message").await,
            };
        };
        if was_told(&found.newest, original.as_str(), &message) {
            tracing::info!(org.id = %connection.org, connection.id = %connection.id, "an edit or a deletion told twice");
            return Ok(());
        }
        message.from_contact = found.from_contact;
        if message.sent_at == Timestamp::UNIX_EPOCH
            && let Some(original) = &found.message
        {
            // It has no time of its own, and this one is the same whenever it comes again.
            message.sent_at = original.reference.sent_at;
        }
        let person = Person { id: found.contact.clone(), absorbed: Vec::new() };
        self.take_in(Origin { connection, person, contact: found.contact }, message, None, at, burst).await
    }

    /// Who is named, if somebody is whom we know.
    async fn named(&self, connection: &Connection, message: &InboundMessage) -> Result<Option<Person>, Problem> {
        if message.sender.aliases.is_empty() {
            return Ok(None);
        }
        let known = self.storage.contact_by_alias(&connection.org, &message.sender.aliases).await?;
        Ok(known.map(|known| known.person()))
    }

    /// The message of this id: one of ours, one of whoever is named, or one of those who wrote lately.
    async fn original(
        &self,
        connection: &Connection,
        id: &str,
        named: Option<&Person>,
    ) -> Result<Option<Original>, Problem> {
        let org = &connection.org;
        let provider_id = domain::ids::ProviderMessageId::new(id);
        if let Some(ours) = self.storage.known_as(org, &connection.id, &provider_id).await?
            && let Some(conversation) = self.storage.conversation_begun(org, &ours.conversation).await?
        {
            let message = self.storage.message(org, &ours).await?;
            let newest = self.storage.messages(org, &conversation.id, None, LOOKED_THROUGH).await?;
            return Ok(Some(Original { contact: conversation.contact, message, newest, from_contact: false }));
        }
        for contact in named.iter().flat_map(|person| person.ids()) {
            let conversation = ConversationId::of(&connection.id, contact);
            if let Some(found) = self.theirs(org, contact.clone(), &conversation, id).await? {
                return Ok(Some(found));
            }
        }
        let (mut below, mut left) = (u64::MAX, NEWEST_TICKETS);
        while left > 0 {
            let page = self.storage.tickets_by_number(org, below, TICKETS_AT_ONCE).await?;
            left = left.saturating_sub(TICKETS_AT_ONCE);
            let of_this = |ticket: &domain::ticket::Ticket| ticket.connection.as_ref() == Some(&connection.id);
            let tickets: Vec<_> = page.tickets.into_iter().filter(of_this).collect();
            let around = self.storage.surroundings(&tickets).await?;
            for conversation in tickets.iter().filter_map(|ticket| around.conversation(ticket)) {
                if conversation.counted_lately(id) {
                    let contact = conversation.contact.clone();
                    if let Some(found) = self.theirs(org, contact, &conversation.id, id).await? {
                        return Ok(Some(found));
                    }
                }
            }
            let Some(next) = page.next_below else { break };
            below = next;
        }
        Ok(None)
    }

    /// The message of this id among the newest of a conversation.
    async fn theirs(
        &self,
        org: &OrganizationId,
        contact: ContactId,
        conversation: &ConversationId,
        id: &str,
    ) -> Result<Option<Original>, Problem> {
        let newest = self.storage.messages(org, conversation, None, LOOKED_THROUGH).await?;
        let is_it = |message: &&Message| message.provider_id.as_ref().is_some_and(|known| known.as_str() == id);
        let Some(message) = newest.iter().find(is_it).cloned() else { return Ok(None) };
        let from_contact = message.direction == Direction::In;
        Ok(Some(Original { contact, message: Some(message), newest, from_contact }))
    }
}

/// Whether the newest that is known of the same message says the same: a service may tell an edit as a message and as an event.
fn was_told(newest: &[Message], original: &str, told: &InboundMessage) -> bool {
    let named = format!("\"{original}\"");
    let is_about = |message: &&Message| {
        message.content.kind == told.content.kind
            && message.content.raw.as_deref().is_some_and(|raw| raw.contains(&named))
    };
    newest.iter().find(is_about).is_some_and(|known| known.content.text == told.content.text)
}
