//! Who wrote: a contact that is known by any of the identities, one that is made, or several that turn out to be one.

use domain::alias::AliasKind;
use domain::connection::Connection;
use domain::contact::Contact;
use domain::identity::is_same_person;
use domain::ids::ContactId;
use domain::message::InboundMessage;
use runtime::{Problem, clock};
use storage::{KnownContact, NewContact, Person};

use crate::Ingest;
use crate::messages::profile;

impl Ingest {
    /// The person who wrote, made if nobody knows it. Identities that are new lead to it afterwards.
    pub(crate) async fn person_who_wrote(
        &self,
        connection: &Connection,
        inbound: &InboundMessage,
    ) -> Result<Person, Problem> {
        let org = &connection.org;
        let Some(known) = self.storage.contact_by_alias(org, &inbound.sender.aliases).await? else {
            let id = ContactId::generate(clock::now(), runtime::ids::random());
            let id = self.storage.contact_or_new(org, &NewContact { contact: profile(id, inbound) }).await?;
            return Ok(Person { id, absorbed: Vec::new() });
        };
        if !self.is_who_is_known(connection, inbound, &known).await? {
            let strong = inbound.sender.aliases.iter().filter(|alias| alias.kind != AliasKind::Username).cloned();
            let id = ContactId::generate(clock::now(), runtime::ids::random());
            let contact = Contact { aliases: strong.collect(), ..profile(id, inbound) };
            let id = self.storage.contact_or_new(org, &NewContact { contact }).await?;
            return Ok(Person { id, absorbed: Vec::new() });
        }
        let mut person = known.person();
        let same = self.same_person(connection, inbound, &known).await?;
        if !same.is_empty() {
            let ids: Vec<ContactId> = std::iter::once(known.id.clone()).chain(same).collect();
            person = self.storage.merge_contacts(org, &ids, &inbound.sender.aliases).await?;
            tracing::info!(org.id = %org, contact.id = %person.id, contacts = ids.len(), "contacts merged");
        }
        if !known.new_aliases.is_empty() {
            self.storage.learn_aliases(org, &person, &known.new_aliases).await?;
        }
        Ok(person)
    }

    /// Whether the contact that was found is who wrote. Nothing is read unless a user name alone led to it.
    async fn is_who_is_known(
        &self,
        connection: &Connection,
        inbound: &InboundMessage,
        known: &KnownContact,
    ) -> Result<bool, Problem> {
        let aliases = &inbound.sender.aliases;
        let is_named_alone = aliases.iter().all(|alias| alias.kind == AliasKind::Username);
        let mut strong = aliases.iter().filter(|alias| alias.kind != AliasKind::Username);
        if is_named_alone || !strong.all(|alias| known.new_aliases.contains(alias)) {
            return Ok(true);
        }
        let contact = self.storage.contact(&connection.org, &known.id).await?;
        Ok(contact.is_none_or(|contact| is_same_person(aliases, &contact)))
    }

    /// Those of the other contacts that are the one who wrote. Nothing is read where more than a user name says so.
    async fn same_person(
        &self,
        connection: &Connection,
        inbound: &InboundMessage,
        known: &KnownContact,
    ) -> Result<Vec<ContactId>, Problem> {
        let mut same = Vec::new();
        for (other, only_by_name) in &known.others {
            if !only_by_name {
                same.push(other.clone());
            } else if let Some(contact) = self.storage.contact(&connection.org, other).await?
                && is_same_person(&inbound.sender.aliases, &contact)
            {
                same.push(other.clone());
            }
        }
        Ok(same)
    }
}
