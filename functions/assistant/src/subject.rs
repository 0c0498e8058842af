//! The customer that calls are made for. Whoever holds the service key names it; the model cannot.

use domain::alias::{Alias, AliasKind};
use domain::connection::Connection;
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ids::{ContactId, ConversationId};
use domain::locale::Locale;
use domain::ticket::Ticket;
use runtime::Problem;
use runtime::service::Service;
use storage::Storage;

use crate::tools::Failure;
use crate::words::Trouble;

/// How a request names its customer.
#[derive(Debug)]
pub(crate) enum Named {
    /// By the conversation that the model speaks in.
    Conversation(String),
    /// By the phone number, as S1 does.
    Phone(String),
}

/// A customer with the conversation that it speaks in.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) contact: Contact,
    /// Every id that the customer was known by.
    ids: Vec<ContactId>,
    pub(crate) conversation: Conversation,
    pub(crate) connection: Connection,
    pub(crate) locale: Locale,
}

impl Subject {
    /// Whether a ticket is the customer's own.
    pub(crate) fn owns(&self, ticket: &Ticket) -> bool {
        self.ids.contains(&ticket.contact)
    }
}

/// Nobody, in the language of the organization.
#[derive(Debug)]
pub(crate) struct Nobody {
    pub(crate) failure: Failure,
    pub(crate) locale: Locale,
}

/// Finds the customer. One that nobody knows is told in the output of each call, as S1 does.
pub(crate) async fn find(storage: &Storage, service: &Service, named: &Named) -> Result<Subject, Nobody> {
    let organization = storage.organization(&service.org).await;
    let locale = organization.ok().flatten().and_then(|organization| organization.settings.locale).unwrap_or_default();
    let found = look_up(storage, service, named, locale).await;
    found.map_err(|failure| Nobody { failure, locale })
}

async fn look_up(storage: &Storage, service: &Service, named: &Named, locale: Locale) -> Result<Subject, Failure> {
    let nobody = || Failure::of("Customer not found", Trouble::NoCustomer);
    let org = &service.org;
    let conversation = match named {
        Named::Conversation(id) => {
            let id = ConversationId::new(id.as_str()).map_err(|_| nobody())?;
            storage.conversation_begun(org, &id).await.map_err(Problem::from)?
        }
        Named::Phone(phone) => {
            let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
            let known = storage.contact_by_alias(org, &[Alias::new(AliasKind::Phone, digits)]).await;
            let known = known.map_err(Problem::from)?.ok_or_else(nobody)?;
            latest(storage, service, &known.id).await?
        }
    };
    let conversation = conversation.ok_or_else(nobody)?;
    let (contact, person, connection) = tokio::try_join!(
        storage.contact(org, &conversation.contact),
        storage.person(org, &conversation.contact),
        storage.connection(org, &conversation.connection),
    )
    .map_err(Problem::from)?;
    let (contact, connection) = (contact.ok_or_else(nobody)?, connection.ok_or_else(nobody)?);
    let mut ids = vec![contact.id.clone(), conversation.contact.clone()];
    ids.extend(person.iter().flat_map(storage::Person::ids).cloned());
    let locale = connection.locale.unwrap_or(locale);
    Ok(Subject { contact, ids, conversation, connection, locale })
}

/// The conversation in which the customer, or our side, wrote last.
async fn latest(storage: &Storage, service: &Service, contact: &ContactId) -> Result<Option<Conversation>, Failure> {
    let all = storage.contact_conversations(&service.org, contact).await.map_err(Problem::from)?;
    Ok(all.into_iter().max_by_key(|conversation| (conversation.last_in_at, conversation.last_out_at)))
}
