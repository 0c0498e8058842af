//! Parts by hand what was taken for one person: a contact that went into another comes out again, or some identities become a contact of
//! their own. Each is one transaction, and a merge undoes it.

use domain::alias::Alias;
use domain::contact::{Apart, ApartCause, Contact};
use domain::ids::{ContactId, OrganizationId};
use jiff::Timestamp;

use crate::identities::{HandOver, Receiver, attribute, told_apart};
use crate::item::text;
use crate::transaction::{IntoTransact, Outcome};
use crate::{Error, Storage, keys};

/// What became of parting two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// They are two contacts now, or were before by the same request.
    Done,
    /// What was to leave is not there.
    NotThere,
    /// Nothing would be left, or it is more than one transaction holds.
    Impossible,
    /// Somebody changed one of them through all tries.
    Contended,
}

/// How many identities a transaction moves at most: DynamoDB takes 100 items.
const MOST: usize = 90;
/// How often contacts are parted again after somebody else changed one of them.
const TRIES: u32 = 4;

impl Storage {
    /// Lets a contact that went into another come out again, with the identities that it brought. Its conversations and tickets, which never
    /// moved, are its own again.
    pub async fn unmerge_contacts(
        &self,
        org: &OrganizationId,
        from: &ContactId,
        gone: &ContactId,
        now: Timestamp,
    ) -> Result<Parting, Error> {
        let mut parting = Parting::Contended;
        for _ in 0..TRIES {
            parting = self.unmerge_once(org, from, gone, now).await?;
            if parting != Parting::Contended {
                break;
            }
        }
        Ok(parting)
    }

    async fn unmerge_once(
        &self,
        org: &OrganizationId,
        from: &ContactId,
        gone: &ContactId,
        now: Timestamp,
    ) -> Result<Parting, Error> {
        let (Some(before), Some(other)) = (self.profile(org, from, true).await?, self.profile(org, gone, true).await?)
        else {
            return Ok(Parting::NotThere);
        };
        if before.contact.is_apart_from(std::iter::once(gone), &[ApartCause::Hand]) && other.merged_into.is_none() {
            return Ok(Parting::Done);
        }
        if before.merged_into.is_some() || other.merged_into.is_none() || !before.absorbed.contains(gone) {
            return Ok(Parting::NotThere);
        }
        let brought = |alias: &&Alias| other.contact.aliases.iter().any(|theirs| theirs.is_same(alias));
        let (theirs, rest): (Vec<&Alias>, Vec<&Alias>) = before.contact.aliases.iter().partition(brought);
        if theirs.len() + rest.len() > MOST || theirs.is_empty() || rest.is_empty() {
            return Ok(Parting::Impossible);
        }
        let absorbed: Vec<ContactId> =
            before.absorbed.iter().filter(|id| *id != gone && !other.absorbed.contains(id)).cloned().collect();
        let apart =
            |contact: &ContactId| Apart { contact: contact.clone(), cause: ApartCause::Hand, number: None, at: now };
        let mut left = before.contact.clone();
        left.aliases = rest.iter().copied().cloned().collect();
        left.user_ids = left.user_ids.without(&other.contact.user_ids);
        told_apart(&mut left, &[apart(gone)]);
        let mut out = other.contact.clone();
        told_apart(&mut out, &[apart(from)]);
        let mut items = vec![
            self.update(keys::contact(org, from))
                .update_expression("SET aliases = :aliases, user_ids = :user_ids, apart = :apart, absorbed = :absorbed")
                .condition_expression("attribute_not_exists(merged_into) AND aliases = :had AND absorbed = :held")
                .expression_attribute_values(":aliases", attribute(&left.aliases)?)
                .expression_attribute_values(":user_ids", attribute(&left.user_ids)?)
                .expression_attribute_values(":apart", attribute(&left.apart)?)
                .expression_attribute_values(":absorbed", attribute(&absorbed)?)
                .expression_attribute_values(":had", attribute(&before.contact.aliases)?)
                .expression_attribute_values(":held", attribute(&before.absorbed)?)
                .into_transact()?,
            self.update(keys::contact(org, gone))
                .update_expression("SET aliases = :aliases, apart = :apart REMOVE merged_into")
                .condition_expression("merged_into = :into")
                .expression_attribute_values(":aliases", attribute(&theirs)?)
                .expression_attribute_values(":apart", attribute(&out.apart)?)
                .expression_attribute_values(":into", text(other.merged_into.as_ref().map_or("", ContactId::as_str)))
                .into_transact()?,
        ];
        for (alias, to, with) in theirs
            .iter()
            .map(|alias| (*alias, gone, &other.absorbed))
            .chain(rest.iter().map(|alias| (*alias, from, &absorbed)))
        {
            let turned = self
                .update(keys::alias(org, alias))
                .update_expression("SET ctc = :to, absorbed = :absorbed")
                .condition_expression("ctc = :from")
                .expression_attribute_values(":to", text(to.as_str()))
                .expression_attribute_values(":absorbed", attribute(with)?)
                .expression_attribute_values(":from", text(from.as_str()));
            items.push(turned.into_transact()?);
        }
        let outcome = self.transact(items).await?;
        Ok(if matches!(outcome, Outcome::Committed) { Parting::Done } else { Parting::Contended })
    }

    /// Makes a contact of some of another's identities. What was said stays where it was said.
    pub async fn split_contact(
        &self,
        org: &OrganizationId,
        from: &ContactId,
        identities: &[Alias],
        new: &Contact,
    ) -> Result<Parting, Error> {
        let mut parting = Parting::Contended;
        for _ in 0..TRIES {
            parting = self.split_once(org, from, identities, new).await?;
            if parting != Parting::Contended {
                break;
            }
        }
        Ok(parting)
    }

    async fn split_once(
        &self,
        org: &OrganizationId,
        from: &ContactId,
        identities: &[Alias],
        new: &Contact,
    ) -> Result<Parting, Error> {
        let Some(before) = self.profile(org, from, true).await? else { return Ok(Parting::NotThere) };
        let has = |alias: &Alias| before.contact.aliases.iter().find(|known| known.is_same(alias)).cloned();
        let Some(leaving) = identities.iter().map(has).collect::<Option<Vec<Alias>>>() else {
            return Ok(Parting::NotThere);
        };
        if leaving.len() == before.contact.aliases.len() || leaving.len() > MOST {
            return Ok(Parting::Impossible);
        }
        let ids = leaving.iter().filter_map(Alias::user_id).map(str::to_owned).collect();
        let over = HandOver {
            to: Receiver::New(Box::new(new.clone())),
            takes: leaving.into_iter().map(|alias| (alias, from.clone())).collect(),
            seen_on: None,
            user_ids: Some(before.contact.user_ids.only(&ids)),
            apart: vec![Apart { contact: from.clone(), cause: ApartCause::Hand, number: None, at: new.created_at }],
        };
        let person = self.hand_over(org, &over).await?;
        Ok(if person.is_some() { Parting::Done } else { Parting::Contended })
    }
}
