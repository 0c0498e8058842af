//! Contacts, found by any of their identities.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::alias::Alias;
use domain::contact::Contact;
use domain::ids::{ContactId, OrganizationId};
use serde::{Deserialize, Serialize};

use crate::item::{Item, read, write};
use crate::{Error, Storage, keys};

/// Where an alias leads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AliasPointer {
    pub(crate) ctc: ContactId,
}

/// A contact that was found by an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContact {
    /// Its id.
    pub id: ContactId,
    /// Those of the aliases asked for that lead nowhere yet.
    pub new_aliases: Vec<Alias>,
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
        let leads = |key: &keys::Key| found.iter().find(|(pk, _)| *pk == key.pk).map(|(_, pointer)| &pointer.ctc);
        let Some(id) = wanted.iter().find_map(leads).cloned() else { return Ok(None) };
        let new_aliases = aliases.iter().zip(&wanted).filter(|(_, key)| leads(key).is_none());
        Ok(Some(KnownContact { id, new_aliases: new_aliases.map(|(alias, _)| alias.clone()).collect() }))
    }

    /// Makes the contact unless another worker made one with the same first alias; then that one's id. Adds the aliases.
    ///
    /// The alias comes before the profile, so that two workers cannot leave two profiles. If a crash lies between, the message
    /// comes again and `complete_contact` writes the profile.
    pub async fn contact_or_new(&self, org: &OrganizationId, new: &NewContact) -> Result<ContactId, Error> {
        let mut id = new.contact.id.clone();
        for (place, alias) in new.contact.aliases.iter().enumerate() {
            let pointer = AliasPointer { ctc: id.clone() };
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

    /// Writes a contact's profile if it is missing. A contact that has one costs a read.
    pub async fn complete_contact(&self, org: &OrganizationId, contact: &Contact) -> Result<(), Error> {
        let key = keys::contact(org, &contact.id);
        if self.get(key.clone(), true).await?.is_none() {
            self.put_new(write(key, contact)?).await?;
        }
        Ok(())
    }

    /// Points further identities of a known contact to it. The profile learns each before the way to it exists, so that a crash
    /// between leaves work that the next message does again.
    pub async fn learn_aliases(&self, org: &OrganizationId, id: &ContactId, aliases: &[Alias]) -> Result<(), Error> {
        for alias in aliases {
            let value: Result<AttributeValue, _> = serde_dynamo::to_attribute_value(alias);
            let value = value.map_err(|source| Error::Corrupt { item: "PROFILE/aliases".to_owned(), source })?;
            let update = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(keys::contact(org, id).into()))
                .update_expression("SET aliases = list_append(aliases, :list)")
                .condition_expression("attribute_exists(pk) AND NOT contains(aliases, :alias)")
                .expression_attribute_values(":list", AttributeValue::L(vec![value.clone()]))
                .expression_attribute_values(":alias", value)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            self.unless_refused(update.send().await)?;
            self.put_new(write(keys::alias(org, alias), &AliasPointer { ctc: id.clone() })?).await?;
        }
        Ok(())
    }

    /// A contact.
    pub async fn contact(&self, org: &OrganizationId, id: &ContactId) -> Result<Option<Contact>, Error> {
        self.get(keys::contact(org, id), false).await?.map(read).transpose()
    }

    /// Several contacts in one call; those that do not exist are left out.
    pub async fn contacts(
        &self,
        org: &OrganizationId,
        ids: &[ContactId],
    ) -> Result<HashMap<ContactId, Contact>, Error> {
        let items = self.batch_get(ids.iter().map(|id| keys::contact(org, id)).collect()).await?;
        let contacts = items.into_iter().map(read::<Contact>).collect::<Result<Vec<_>, _>>()?;
        Ok(contacts.into_iter().map(|contact| (contact.id.clone(), contact)).collect())
    }

    async fn pointers(&self, wanted: &[keys::Key]) -> Result<Vec<(String, AliasPointer)>, Error> {
        let items = self.batch_get(wanted.to_vec()).await?;
        let pair = |item: Item| {
            let pk = item.get("pk").and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
            Ok((pk, read(item)?))
        };
        items.into_iter().map(pair).collect()
    }
}
