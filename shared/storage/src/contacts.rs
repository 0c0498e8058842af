//! Contacts, found by any of their identities.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::alias::Alias;
use domain::contact::Contact;
use domain::identity::Way;
use domain::ids::{ConnectionId, ContactId, OrganizationId};
use domain::message::Sender;
use serde::{Deserialize, Serialize};

use crate::item::{read, text, text_of, write};
use crate::merges::Person;
use crate::{Error, Storage, keys};

/// Where an alias leads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AliasPointer {
    pub(crate) ctc: ContactId,
    /// Which contacts went into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) absorbed: Vec<ContactId>,
    /// Of one of Meta's user ids: the connections on which the contact is known under it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) on: Vec<ConnectionId>,
}

impl AliasPointer {
    /// The way to a contact from one of its identities that a message showed on a connection, or that is known otherwise.
    pub(crate) fn new(person: &Person, alias: &Alias, seen_on: Option<&ConnectionId>) -> Self {
        let on = seen_on.filter(|_| alias.user_id().is_some());
        Self { ctc: person.id.clone(), absorbed: person.absorbed.clone(), on: on.into_iter().cloned().collect() }
    }
}

/// An identity with where it leads.
#[derive(Debug, Clone)]
pub struct FoundWay {
    /// Where it leads.
    pub way: Way,
    /// The contacts that went into that contact.
    pub absorbed: Vec<ContactId>,
}

/// A contact that was found by an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContact {
    /// Its id.
    pub id: ContactId,
    /// Those of the aliases asked for that lead nowhere yet.
    pub new_aliases: Vec<Alias>,
    /// The other contacts that the aliases lead to.
    pub others: Vec<ContactId>,
    /// The contacts that went into it.
    pub absorbed: Vec<ContactId>,
}

impl KnownContact {
    /// The contact with those that went into it.
    pub fn person(&self) -> Person {
        Person { id: self.id.clone(), absorbed: self.absorbed.clone() }
    }
}

/// A contact that may have to be made: with an id for it, in case that nobody has one.
#[derive(Debug, Clone)]
pub struct NewContact {
    /// The contact as it would be made.
    pub contact: Contact,
}

impl Storage {
    /// The contact that has one of these aliases, the first alias first.
    pub async fn contact_by_alias(
        &self,
        org: &OrganizationId,
        aliases: &[Alias],
    ) -> Result<Option<KnownContact>, Error> {
        let found = self.pointers(org, aliases).await?;
        let Some(AliasPointer { ctc: id, absorbed, .. }) = found.iter().find_map(Option::as_ref) else {
            return Ok(None);
        };
        let mut others: Vec<ContactId> = Vec::new();
        for pointer in found.iter().flatten() {
            if pointer.ctc != *id && !others.contains(&pointer.ctc) {
                others.push(pointer.ctc.clone());
            }
        }
        let is_new = |(alias, pointer): (&Alias, &Option<AliasPointer>)| pointer.is_none().then(|| alias.clone());
        let new_aliases = aliases.iter().zip(&found).filter_map(is_new).collect();
        Ok(Some(KnownContact { id: id.clone(), new_aliases, others, absorbed: absorbed.clone() }))
    }

    /// Where each of these identities leads, and whether it was seen on the connection.
    pub async fn ways(
        &self,
        org: &OrganizationId,
        connection: &ConnectionId,
        aliases: &[Alias],
    ) -> Result<Vec<FoundWay>, Error> {
        let found = self.pointers(org, aliases).await?;
        let way = |(alias, pointer): (&Alias, Option<AliasPointer>)| {
            let is_seen_here = pointer.as_ref().is_some_and(|pointer| pointer.on.contains(connection));
            let (to, absorbed) = pointer.map(|pointer| (pointer.ctc, pointer.absorbed)).unzip();
            FoundWay { way: Way { alias: alias.clone(), to, is_seen_here }, absorbed: absorbed.unwrap_or_default() }
        };
        Ok(aliases.iter().zip(found).map(way).collect())
    }

    /// Makes the contact unless another worker made one with the same first alias; then that one's id. Adds the aliases.
    ///
    /// The alias comes before the profile, so that two workers cannot leave two profiles. If a crash lies between, the message
    /// comes again and `complete_contact` writes the profile.
    pub async fn contact_or_new(
        &self,
        org: &OrganizationId,
        new: &NewContact,
        seen_on: Option<&ConnectionId>,
    ) -> Result<ContactId, Error> {
        let mut id = new.contact.id.clone();
        for (place, alias) in new.contact.aliases.iter().enumerate() {
            let pointer = AliasPointer::new(&Person { id: id.clone(), absorbed: Vec::new() }, alias, seen_on);
            let taken = self.put_new(write(keys::alias(org, alias), &pointer)?).await?;
            if let Some(item) = taken
                && place == 0
            {
                id = if item.is_empty() {
                    self.contact_by_alias(org, std::slice::from_ref(alias)).await?.map_or(id, |known| known.id)
                } else {
                    read::<AliasPointer>(item)?.ctc
                };
            }
        }
        let contact = Contact { id: id.clone(), ..new.contact.clone() };
        self.put_new(write(keys::contact(org, &id), &contact)?).await?;
        Ok(id)
    }

    /// Writes a contact's profile if it is missing. A contact that has one costs a read. None when the contact has gone into another
    /// meanwhile.
    pub async fn complete_contact(&self, org: &OrganizationId, contact: &Contact) -> Result<Option<Contact>, Error> {
        if let Some(profile) = self.profile(org, &contact.id, true).await? {
            return Ok(profile.merged_into.is_none().then_some(profile.contact));
        }
        self.put_new(write(keys::contact(org, &contact.id), contact)?).await?;
        Ok(Some(contact.clone()))
    }

    /// Gives a contact the names that it shows now. What it does not show stays, as does the name that an agent gave it.
    pub async fn rename_contact(&self, org: &OrganizationId, id: &ContactId, sender: &Sender) -> Result<(), Error> {
        let shown = [("name", sender.name.as_deref()), ("username", sender.username())];
        let mut update = self.client.update_item().table_name(&self.table).set_key(Some(keys::contact(org, id).into()));
        let mut clauses = Vec::new();
        for (name, value) in shown {
            if let Some(value) = value {
                clauses.push(format!("#{name} = :{name}"));
                update = update
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), text(value));
            }
        }
        if clauses.is_empty() {
            return Ok(());
        }
        let update = update
            .update_expression(format!("SET {}", clauses.join(", ")))
            .condition_expression("attribute_exists(pk)")
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await).map(drop)
    }

    /// Gives a contact a name by hand, which is shown before its own; or takes it back. `false` when there is no such contact.
    pub async fn give_name(&self, org: &OrganizationId, id: &ContactId, name: Option<&str>) -> Result<bool, Error> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(keys::contact(org, id).into()));
        let update = match name {
            Some(name) => {
                update.update_expression("SET given_name = :name").expression_attribute_values(":name", text(name))
            }
            None => update.update_expression("REMOVE given_name"),
        };
        let update =
            update.condition_expression("attribute_exists(pk)").return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await)
    }

    /// Points further identities of a known contact to it. The profile learns each before the way to it exists, so that a crash
    /// between leaves work that the next message does again.
    ///
    /// Errors: `Unavailable` when the contact has gone into another meanwhile.
    pub async fn learn_aliases(
        &self,
        org: &OrganizationId,
        person: &Person,
        aliases: &[Alias],
        seen_on: Option<&ConnectionId>,
    ) -> Result<(), Error> {
        let id = &person.id;
        for alias in aliases {
            let value: Result<AttributeValue, _> = serde_dynamo::to_attribute_value(alias);
            let value = value.map_err(|source| Error::Corrupt { item: "PROFILE/aliases".to_owned(), source })?;
            let update = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(keys::contact(org, id).into()))
                .update_expression("SET aliases = list_append(aliases, :list)")
                .condition_expression(
                    "attribute_exists(pk) AND NOT contains(aliases, :alias) AND attribute_not_exists(merged_into)",
                )
                .expression_attribute_values(":list", AttributeValue::L(vec![value.clone()]))
                .expression_attribute_values(":alias", value)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let is_learned = self.unless_refused(update.send().await)?;
            if !is_learned && self.profile(org, id, true).await?.is_some_and(|profile| profile.merged_into.is_some()) {
                return Err(Error::contended());
            }
            self.put_new(write(keys::alias(org, alias), &AliasPointer::new(person, alias, seen_on))?).await?;
        }
        Ok(())
    }

    /// A contact; of one that went into another, that one.
    pub async fn contact(&self, org: &OrganizationId, id: &ContactId) -> Result<Option<Contact>, Error> {
        Ok(self.root(org, id, false).await?.map(|profile| profile.contact))
    }

    async fn pointers(&self, org: &OrganizationId, aliases: &[Alias]) -> Result<Vec<Option<AliasPointer>>, Error> {
        let keys: Vec<keys::Key> = aliases.iter().map(|alias| keys::alias(org, alias)).collect();
        let items = match keys.as_slice() {
            [only] => self.get(only.clone(), false).await?.into_iter().collect(),
            several => self.batch_get(several.to_vec(), false).await?,
        };
        let mut found: HashMap<String, AliasPointer> = HashMap::new();
        for item in items {
            found.insert(text_of(&item, "pk").unwrap_or_default().to_owned(), read(item)?);
        }
        Ok(keys.iter().map(|key| found.remove(&key.pk)).collect())
    }
}
