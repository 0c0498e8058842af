//! Contacts, found by any of their identities.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::alias::{Alias, AliasKind};
use domain::contact::Contact;
use domain::ids::{ContactId, OrganizationId};
use serde::{Deserialize, Serialize};

use crate::item::{Item, read, text_of, write};
use crate::merges::Person;
use crate::{Error, Storage, keys};

/// Where an alias leads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AliasPointer {
    pub(crate) ctc: ContactId,
    /// Which contacts went into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) absorbed: Vec<ContactId>,
}

/// A contact that was found by an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContact {
    /// Its id.
    pub id: ContactId,
    /// Those of the aliases asked for that lead nowhere yet.
    pub new_aliases: Vec<Alias>,
    /// The other contacts that the aliases lead to, each with whether nothing but a user name does.
    pub others: Vec<(ContactId, bool)>,
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
        let wanted: Vec<keys::Key> = aliases.iter().map(|alias| keys::alias(org, alias)).collect();
        let found: Vec<(String, AliasPointer)> = match wanted.as_slice() {
            [] => return Ok(None),
            [only] => match self.get(only.clone(), false).await? {
                Some(item) => vec![(only.pk.clone(), read(item)?)],
                None => Vec::new(),
            },
            several => self.pointers(several).await?,
        };
        let leads = |key: &keys::Key| found.iter().find(|(pk, _)| *pk == key.pk).map(|(_, pointer)| pointer);
        let Some(AliasPointer { ctc: id, absorbed }) = wanted.iter().find_map(leads) else { return Ok(None) };
        let mut others: Vec<(ContactId, bool)> = Vec::new();
        let mut new_aliases = Vec::new();
        for (alias, key) in aliases.iter().zip(&wanted) {
            let Some(pointer) = leads(key) else {
                new_aliases.push(alias.clone());
                continue;
            };
            let by_name = alias.kind == AliasKind::Username;
            match others.iter_mut().find(|(other, _)| *other == pointer.ctc) {
                Some((_, only_by_name)) => *only_by_name &= by_name,
                None if pointer.ctc != *id => others.push((pointer.ctc.clone(), by_name)),
                None => {}
            }
        }
        Ok(Some(KnownContact { id: id.clone(), new_aliases, others, absorbed: absorbed.clone() }))
    }

    /// Makes the contact unless another worker made one with the same first alias; then that one's id. Adds the aliases.
    ///
    /// The alias comes before the profile, so that two workers cannot leave two profiles. If a crash lies between, the message
    /// comes again and `complete_contact` writes the profile.
    pub async fn contact_or_new(&self, org: &OrganizationId, new: &NewContact) -> Result<ContactId, Error> {
        let mut id = new.contact.id.clone();
        for (place, alias) in new.contact.aliases.iter().enumerate() {
            let pointer = AliasPointer { ctc: id.clone(), absorbed: Vec::new() };
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

    /// Writes a contact's profile if it is missing. A contact that has one costs a read. `false` when the contact has gone into
    /// another meanwhile.
    pub async fn complete_contact(&self, org: &OrganizationId, contact: &Contact) -> Result<bool, Error> {
        match self.profile(org, &contact.id, true).await? {
            Some(profile) => Ok(profile.merged_into.is_none()),
            None => self.put_new(write(keys::contact(org, &contact.id), contact)?).await.map(|_| true),
        }
    }

    /// Points further identities of a known contact to it. The profile learns each before the way to it exists, so that a crash
    /// between leaves work that the next message does again.
    ///
    /// Errors: `Unavailable` when the contact has gone into another meanwhile.
    pub async fn learn_aliases(&self, org: &OrganizationId, person: &Person, aliases: &[Alias]) -> Result<(), Error> {
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
            let pointer = AliasPointer { ctc: id.clone(), absorbed: person.absorbed.clone() };
            self.put_new(write(keys::alias(org, alias), &pointer)?).await?;
        }
        Ok(())
    }

    /// A contact; of one that went into another, that one.
    pub async fn contact(&self, org: &OrganizationId, id: &ContactId) -> Result<Option<Contact>, Error> {
        Ok(self.root(org, id, false).await?.map(|profile| profile.contact))
    }

    async fn pointers(&self, wanted: &[keys::Key]) -> Result<Vec<(String, AliasPointer)>, Error> {
        let items = self.batch_get(wanted.to_vec(), false).await?;
        let pair = |item: Item| {
            let pk = text_of(&item, "pk").unwrap_or_default().to_owned();
            Ok((pk, read(item)?))
        };
        items.into_iter().map(pair).collect()
    }
}
