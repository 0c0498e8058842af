//! Two contacts that turn out to be one person: the younger goes into the older, and both ids go on leading to it.
//!
//! The order makes it safe to stop after any write. First the younger's profile says where it went, in a transaction with the
//! older's, so that nobody joins two contacts into each other. Then the older's profile has all identities. Then the ways to the
//! younger are turned, those that the present message named last: as long as one of them leads elsewhere, the message comes
//! again and finds the work unfinished. Nothing is moved: conversations, messages and tickets stay under the contact that they
//! were made for. Source: docs/adr/0019-one-person.md.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::alias::Alias;
use domain::contact::Contact;
use domain::identity::joined;
use domain::ids::{ContactId, OrganizationId};
use serde::Deserialize;

use crate::identities::{attribute, told_apart};
use crate::item::{number, read, text};
use crate::transaction::{IntoTransact, Outcome, backoff};
use crate::{Error, Storage, keys};

/// How often a join is begun again because another changed the same contacts meanwhile.
const TRIES: u32 = 16;
/// How many contacts may have gone one into the other: more are a circle, which the transaction forbids.
const LONGEST_CHAIN: usize = 64;

/// A contact's profile with what became of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Profile {
    #[serde(flatten)]
    pub(crate) contact: Contact,
    /// Which contact it went into.
    #[serde(default)]
    pub(crate) merged_into: Option<ContactId>,
    /// Which contacts went into it.
    #[serde(default)]
    pub(crate) absorbed: Vec<ContactId>,
}

/// A person: its contact, and those that went into it, whose conversations are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The contact.
    pub id: ContactId,
    /// The others.
    pub absorbed: Vec<ContactId>,
}

/// A person with its profile.
#[derive(Debug, Clone)]
pub struct WholeContact {
    /// The person.
    pub person: Person,
    /// The profile.
    pub contact: Contact,
}

impl Person {
    /// Every id of the person, its own first.
    pub fn ids(&self) -> impl Iterator<Item = &ContactId> {
        std::iter::once(&self.id).chain(&self.absorbed)
    }
}

impl Storage {
    /// The contact that this one is, or went into.
    pub async fn person(&self, org: &OrganizationId, id: &ContactId) -> Result<Option<Person>, Error> {
        let found = self.root(org, id, false).await?;
        Ok(found.map(|profile| Person { id: profile.contact.id, absorbed: profile.absorbed }))
    }

    /// The same with its profile.
    pub async fn whole_contact(&self, org: &OrganizationId, id: &ContactId) -> Result<Option<WholeContact>, Error> {
        let found = self.root(org, id, false).await?;
        Ok(found.map(|Profile { contact, absorbed, .. }| WholeContact {
            person: Person { id: contact.id.clone(), absorbed },
            contact,
        }))
    }

    /// Makes one of contacts that are one person. `named` are the identities that showed it, those of the present message.
    ///
    /// Errors: `Unavailable` when others changed them through all tries. What was done stays, and doing it again finishes it.
    pub async fn merge_contacts(
        &self,
        org: &OrganizationId,
        ids: &[ContactId],
        named: &[Alias],
    ) -> Result<Person, Error> {
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(backoff(attempt.min(4))).await;
            }
            let (mut seen, mut roots) = (BTreeMap::new(), BTreeMap::new());
            for id in ids {
                let root = self.way(org, id, &mut seen, true).await?.ok_or_else(Error::contended)?;
                roots.insert(root.contact.id.clone(), root);
            }
            let oldest = roots.values().min_by_key(|profile| (profile.contact.created_at, profile.contact.id.clone()));
            let Some(winner) = oldest.map(|profile| profile.contact.id.clone()) else { return Err(Error::contended()) };
            let mut lost = false;
            for loser in roots.keys().filter(|id| **id != winner) {
                lost |= !self.begin_merge(org, &winner, loser).await?;
            }
            if lost {
                continue;
            }
            let gone: Vec<ContactId> = seen.into_keys().chain(roots.into_keys()).filter(|id| *id != winner).collect();
            if let Some(person) = self.absorb(org, &winner, gone, named).await? {
                return Ok(person);
            }
        }
        Err(Error::contended())
    }

    /// The profile of the contact that this one is, or went into.
    pub(crate) async fn root(
        &self,
        org: &OrganizationId,
        id: &ContactId,
        consistent: bool,
    ) -> Result<Option<Profile>, Error> {
        self.way(org, id, &mut BTreeMap::new(), consistent).await
    }

    /// The profile at the end of the way that begins at `id`, with those on it in `seen`.
    async fn way(
        &self,
        org: &OrganizationId,
        id: &ContactId,
        seen: &mut BTreeMap<ContactId, Profile>,
        consistent: bool,
    ) -> Result<Option<Profile>, Error> {
        let mut id = id.clone();
        for _ in 0..LONGEST_CHAIN {
            let Some(profile) = self.profile(org, &id, consistent).await? else { return Ok(None) };
            let Some(next) = profile.merged_into.clone() else { return Ok(Some(profile)) };
            seen.insert(id, profile);
            id = next;
        }
        Err(Error::contended())
    }

    /// A contact's own profile, whatever became of it.
    pub(crate) async fn profile(
        &self,
        org: &OrganizationId,
        id: &ContactId,
        consistent: bool,
    ) -> Result<Option<Profile>, Error> {
        self.get(keys::contact(org, id), consistent).await?.map(read).transpose()
    }

    /// Says where the younger goes, unless one of the two has gone somewhere itself.
    async fn begin_merge(&self, org: &OrganizationId, winner: &ContactId, loser: &ContactId) -> Result<bool, Error> {
        let here = "attribute_exists(pk) AND attribute_not_exists(merged_into)";
        let gone = self
            .update(keys::contact(org, loser))
            .update_expression("SET merged_into = :winner")
            .condition_expression(here)
            .expression_attribute_values(":winner", text(winner.as_str()))
            .into_transact()?;
        let winner = self
            .update(keys::contact(org, winner))
            .update_expression("SET absorbed = list_append(if_not_exists(absorbed, :none), :loser)")
            .condition_expression(here)
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":loser", attribute(&[loser])?)
            .into_transact()?;
        Ok(matches!(self.transact(vec![gone, winner]).await?, Outcome::Committed))
    }

    /// Gives the identities of those that are gone to the winner. `None` when the winner changed or went away meanwhile.
    async fn absorb(
        &self,
        org: &OrganizationId,
        winner: &ContactId,
        gone: Vec<ContactId>,
        named: &[Alias],
    ) -> Result<Option<Person>, Error> {
        let mut lost = Vec::new();
        for id in &gone {
            lost.extend(self.profile(org, id, true).await?);
        }
        let Some(before) = self.profile(org, winner, true).await? else { return Ok(None) };
        let mut absorbed = before.absorbed.clone();
        for id in gone.into_iter().chain(lost.iter().flat_map(|profile| profile.absorbed.clone())) {
            if !absorbed.contains(&id) {
                absorbed.push(id);
            }
        }
        let mut after = before.contact.clone();
        let theirs: Vec<Alias> = lost.iter().flat_map(|profile| profile.contact.aliases.clone()).collect();
        after.aliases = joined(&before.contact.aliases, &theirs, named);
        for Profile { contact: other, .. } in &lost {
            after.name = after.name.or_else(|| other.name.clone());
            after.given_name = after.given_name.or_else(|| other.given_name.clone());
            after.username = after.username.or_else(|| other.username.clone());
            after.user_ids = after.user_ids.and(&other.user_ids);
            told_apart(&mut after, &other.apart);
        }
        after.apart.retain(|apart| !absorbed.contains(&apart.contact));
        if !self.widen(org, &before, &after, &absorbed).await? {
            return Ok(None);
        }
        let aliases = &after.aliases;
        let (shown, hidden): (Vec<_>, Vec<_>) =
            aliases.iter().partition(|alias| named.iter().any(|named| named.is_same(alias)));
        for alias in hidden.into_iter().chain(shown) {
            self.turn(org, alias, winner, &absorbed).await?;
        }
        // Who went away meanwhile took the ways along; they have to be turned once more.
        let still = self.profile(org, winner, true).await?.is_some_and(|profile| profile.merged_into.is_none());
        Ok(still.then(|| Person { id: winner.clone(), absorbed }))
    }

    /// Writes the winner's profile, if it is still as it was read.
    async fn widen(
        &self,
        org: &OrganizationId,
        before: &Profile,
        after: &Contact,
        absorbed: &[ContactId],
    ) -> Result<bool, Error> {
        if before.contact == *after && before.absorbed == absorbed {
            return Ok(before.merged_into.is_none());
        }
        let mut set = vec![
            ("aliases", attribute(&after.aliases)?),
            ("absorbed", attribute(&absorbed)?),
            ("user_ids", attribute(&after.user_ids)?),
            ("apart", attribute(&after.apart)?),
        ];
        let names = [("name", &after.name), ("given_name", &after.given_name), ("username", &after.username)];
        set.extend(names.into_iter().filter_map(|(name, value)| Some((name, text(value.as_deref()?)))));
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::contact(org, &before.contact.id).into()))
            .condition_expression(
                "attribute_not_exists(merged_into) AND aliases = :had AND \
                 (attribute_not_exists(absorbed) OR size(absorbed) = :held)",
            )
            .expression_attribute_values(":had", attribute(&before.contact.aliases)?)
            .expression_attribute_values(":held", number(before.absorbed.len()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut clauses = Vec::new();
        for (name, value) in set {
            clauses.push(format!("#{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        self.unless_refused(update.update_expression(format!("SET {}", clauses.join(", "))).send().await)
    }

    /// Lets an identity lead to the winner. A way that knows of more of the absorbed is another's later work and stays.
    async fn turn(
        &self,
        org: &OrganizationId,
        alias: &Alias,
        winner: &ContactId,
        absorbed: &[ContactId],
    ) -> Result<(), Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::alias(org, alias).into()))
            .update_expression("SET ctc = :winner, absorbed = :absorbed")
            .condition_expression("attribute_not_exists(absorbed) OR size(absorbed) <= :held")
            .expression_attribute_values(":winner", text(winner.as_str()))
            .expression_attribute_values(":absorbed", attribute(&absorbed)?)
            .expression_attribute_values(":held", number(absorbed.len()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await).map(drop)
    }
}
