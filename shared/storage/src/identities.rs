//! What a message shows of who wrote it, written down: under which user ids a contact is known where, and identities that change hands.
//!
//! What changes hands does so in one transaction, with both profiles as they were read: an identity never leads to one contact while
//! another one has it. Source: docs/adr/0041-who-is-who.md.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem};
use domain::alias::Alias;
use domain::contact::{Apart, Contact};
use domain::identity::Candidate;
use domain::ids::{ConnectionId, ContactId, ConversationId, OrganizationId};
use domain::user_ids::UserIds;
use serde::Serialize;

use crate::contacts::AliasPointer;
use crate::item::{text, write};
use crate::merges::{Person, Profile};
use crate::transaction::{IntoTransact, Outcome};
use crate::{Error, Storage, keys};

/// Who gets what changes hands.
#[derive(Debug, Clone)]
pub enum Receiver {
    /// A contact that is made with it.
    New(Box<Contact>),
    /// A contact that is known.
    Known(ContactId),
}

/// Identities that change hands, and what is written with them.
#[derive(Debug, Clone)]
pub struct HandOver {
    /// Who gets them. Of a new contact the aliases are those that lead nowhere yet.
    pub to: Receiver,
    /// Each with the contact that it leads to.
    pub takes: Vec<(Alias, ContactId)>,
    /// On which connection they were shown; none where somebody does it by hand.
    pub seen_on: Option<ConnectionId>,
    /// What is known of the receiver's user ids afterwards; none to leave it as it is.
    pub user_ids: Option<UserIds>,
    /// Who is somebody else than the receiver from now on. The other side is told the same.
    pub apart: Vec<Apart>,
}

impl Storage {
    /// A contact that identities lead to, with when it wrote last on a connection. A profile that is not written yet says nothing.
    pub async fn candidate(
        &self,
        org: &OrganizationId,
        id: &ContactId,
        connection: &ConnectionId,
    ) -> Result<Option<Candidate>, Error> {
        let Some(profile) = self.root(org, id, true).await? else { return Ok(None) };
        let mut wrote_at = None;
        let mut ids = vec![profile.contact.id.clone()];
        ids.extend(profile.absorbed);
        for id in &ids {
            let conversation = self.conversation(org, &ConversationId::of(connection, id)).await?;
            wrote_at = wrote_at.max(conversation.and_then(|conversation| conversation.last_in_at));
        }
        Ok(Some(Candidate { contact: profile.contact, ids, wrote_at }))
    }

    /// Writes what is known of a contact's user ids once a message showed them on a connection, and then that the ways are known there: a
    /// crash between leaves work that the next message does again.
    ///
    /// Errors: `Unavailable` when the contact changed since it was read, or went into another.
    pub async fn see_user_ids(
        &self,
        org: &OrganizationId,
        before: &Contact,
        after: &UserIds,
        connection: &ConnectionId,
        shown: &[Alias],
    ) -> Result<(), Error> {
        if before.user_ids != *after {
            let mut update = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(keys::contact(org, &before.id).into()))
                .update_expression("SET user_ids = :after")
                .expression_attribute_values(":after", attribute(after)?)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let condition = if before.user_ids.is_empty() {
                "attribute_exists(pk) AND attribute_not_exists(merged_into) AND attribute_not_exists(user_ids)"
            } else {
                update = update.expression_attribute_values(":before", attribute(&before.user_ids)?);
                "attribute_not_exists(merged_into) AND user_ids = :before"
            };
            if !self.unless_refused(update.condition_expression(condition).send().await)? {
                return Err(Error::contended());
            }
        }
        for alias in shown.iter().filter(|alias| alias.user_id().is_some()) {
            let update = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(keys::alias(org, alias).into()))
                .update_expression("SET #on = list_append(if_not_exists(#on, :none), :here)")
                .condition_expression("ctc = :contact AND (attribute_not_exists(#on) OR NOT contains(#on, :id))")
                .expression_attribute_names("#on", "on")
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
                .expression_attribute_values(":here", AttributeValue::L(vec![text(connection.as_str())]))
                .expression_attribute_values(":id", text(connection.as_str()))
                .expression_attribute_values(":contact", text(before.id.as_str()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            // Refused: it is known there, or leads elsewhere meanwhile, which the next message finds.
            self.unless_refused(update.send().await)?;
        }
        Ok(())
    }

    /// Lets identities change hands: all of it or nothing. `None` when a contact or a way is not as it was read.
    pub async fn hand_over(&self, org: &OrganizationId, over: &HandOver) -> Result<Option<Person>, Error> {
        let taken = || over.takes.iter().map(|(alias, _)| alias);
        let mut items = Vec::new();
        let person = match &over.to {
            Receiver::New(contact) => {
                let person = Person { id: contact.id.clone(), absorbed: Vec::new() };
                for alias in &contact.aliases {
                    items.push(self.new_way(org, &person, alias, over.seen_on.as_ref())?);
                }
                let mut contact = Contact::clone(contact);
                contact.aliases.extend(taken().cloned());
                contact.apart.extend(over.apart.iter().cloned());
                contact.user_ids = over.user_ids.clone().unwrap_or_default();
                let profile = write(keys::contact(org, &contact.id), &contact)?;
                items.push(self.put(profile).condition_expression("attribute_not_exists(pk)").into_transact()?);
                person
            }
            Receiver::Known(id) => {
                let Some(before) = self.root(org, id, true).await? else { return Ok(None) };
                let mut after = before.contact.clone();
                after.aliases.extend(taken().cloned());
                told_apart(&mut after, &over.apart);
                after.user_ids = over.user_ids.clone().unwrap_or(after.user_ids);
                items.extend(self.rewritten(org, &before, &after)?);
                Person { id: before.contact.id, absorbed: before.absorbed }
            }
        };
        let mut others: Vec<ContactId> = Vec::new();
        for id in over.takes.iter().map(|(_, from)| from).chain(over.apart.iter().map(|apart| &apart.contact)) {
            let Some(before) = self.root(org, id, true).await? else { return Ok(None) };
            if others.contains(&before.contact.id) {
                continue;
            }
            others.push(before.contact.id.clone());
            let mut after = before.contact.clone();
            after.aliases.retain(|known| !taken().any(|taken| taken.is_same(known)));
            let gone = taken().filter_map(Alias::user_id).map(str::to_owned).collect();
            after.user_ids = after.user_ids.without_ids(&gone);
            let is_of = |apart: &&Apart| apart.contact == before.contact.id || before.absorbed.contains(&apart.contact);
            let back: Vec<Apart> = over
                .apart
                .iter()
                .filter(is_of)
                .map(|apart| Apart { contact: person.id.clone(), ..apart.clone() })
                .collect();
            told_apart(&mut after, &back);
            items.extend(self.rewritten(org, &before, &after)?);
        }
        for (alias, from) in &over.takes {
            let pointer = AliasPointer::new(&person, alias, over.seen_on.as_ref());
            let update = self
                .update(keys::alias(org, alias))
                .update_expression("SET ctc = :to, absorbed = :absorbed, #on = :on")
                .condition_expression("ctc = :from")
                .expression_attribute_names("#on", "on")
                .expression_attribute_values(":to", text(pointer.ctc.as_str()))
                .expression_attribute_values(":absorbed", attribute(&pointer.absorbed)?)
                .expression_attribute_values(":on", attribute(&pointer.on)?)
                .expression_attribute_values(":from", text(from.as_str()));
            items.push(update.into_transact()?);
        }
        Ok(matches!(self.transact(items).await?, Outcome::Committed).then_some(person))
    }

    fn new_way(
        &self,
        org: &OrganizationId,
        person: &Person,
        alias: &Alias,
        seen_on: Option<&ConnectionId>,
    ) -> Result<TransactWriteItem, Error> {
        let pointer = write(keys::alias(org, alias), &AliasPointer::new(person, alias, seen_on))?;
        self.put(pointer).condition_expression("attribute_not_exists(pk)").into_transact()
    }

    /// A profile's identities, user ids and those who are somebody else, if it has the identities that were read. Nothing where nothing
    /// changes.
    fn rewritten(
        &self,
        org: &OrganizationId,
        before: &Profile,
        after: &Contact,
    ) -> Result<Option<TransactWriteItem>, Error> {
        if before.contact == *after {
            return Ok(None);
        }
        let update = self
            .update(keys::contact(org, &after.id))
            .update_expression("SET aliases = :aliases, user_ids = :user_ids, apart = :apart")
            .condition_expression("attribute_not_exists(merged_into) AND aliases = :before")
            .expression_attribute_values(":aliases", attribute(&after.aliases)?)
            .expression_attribute_values(":user_ids", attribute(&after.user_ids)?)
            .expression_attribute_values(":apart", attribute(&after.apart)?)
            .expression_attribute_values(":before", attribute(&before.contact.aliases)?);
        update.into_transact().map(Some)
    }
}

/// Adds those who are somebody else, each once.
pub(crate) fn told_apart(contact: &mut Contact, apart: &[Apart]) {
    for one in apart {
        contact.apart.retain(|known| known.contact != one.contact || known.number != one.number);
        contact.apart.push(one.clone());
    }
}

/// A value as the table holds it.
pub(crate) fn attribute(value: &impl Serialize) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(value).map_err(|source| Error::Corrupt { item: "PROFILE".to_owned(), source })
}
