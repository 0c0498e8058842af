//! Whose message it is: which of the contacts that its identities lead to is the one who wrote, and what becomes of the others.
//!
//! Phone numbers, user ids and hidden ids belong to one person, so whoever shares one is the same, with two exceptions. A user name is given up
//! and taken by others: it leads to somebody only where nothing else is known of either side. And a phone number changes hands: on one
//! connection, another of Meta's user ids without a notice is another person. Source: docs/adr/0041-who-is-who.md.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::alias::{Alias, AliasKind};
use crate::contact::{ApartCause, Contact};
use crate::ids::{ConnectionId, ContactId};
use crate::user_ids::UserIds;

/// What a message shows of whoever wrote it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The connection that it came by.
    pub connection: ConnectionId,
    /// What it can be known by, the strongest kinds first: everything but user names, unless there is nothing else.
    pub identities: Vec<Alias>,
    /// Meta's ids of it among them.
    pub user_ids: BTreeSet<String>,
    /// When it was written.
    pub at: Timestamp,
}

/// Where an identity leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The identity.
    pub alias: Alias,
    /// The contact, or nobody.
    pub to: Option<ContactId>,
    /// Whether the contact is known to have written under it on the message's connection.
    pub is_seen_here: bool,
}

/// A contact that an identity leads to.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The contact.
    pub contact: Contact,
    /// Its id, and those of the contacts that went into it.
    pub ids: Vec<ContactId>,
    /// When it wrote last on the message's connection.
    pub wrote_at: Option<Timestamp>,
}

/// Whose message it is, and what is to be done so that the identities say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The contact that wrote. None when it is somebody new.
    pub person: Option<ContactId>,
    /// The other contacts that are the same person.
    pub same: Vec<ContactId>,
    /// Identities that lead to somebody else and are the person's from now on.
    pub takes: Vec<(Alias, ContactId)>,
    /// Identities that lead nowhere yet.
    pub learns: Vec<Alias>,
    /// Who has, or had, the person's phone number and is somebody else.
    pub apart: Vec<(ContactId, Alias)>,
}

impl Shown {
    /// What a message shows.
    pub fn new(connection: &ConnectionId, aliases: &[Alias], at: Timestamp) -> Self {
        let strong: Vec<Alias> = aliases.iter().filter(|alias| alias.kind.is_strong()).cloned().collect();
        let identities = if strong.is_empty() { aliases.to_vec() } else { strong };
        let user_ids = identities.iter().filter_map(Alias::user_id).map(str::to_owned).collect();
        Self { connection: connection.clone(), identities, user_ids, at }
    }

    /// Whether it is a notice that a number or a user id changed: nothing else shows two.
    pub fn is_notice(&self) -> bool {
        self.user_ids.len() > 1 || self.phones().count() > 1
    }

    /// The contact, where nothing is open: every identity leads to it, and it is known under the message's user ids here.
    pub fn settled(&self, ways: &[Way]) -> Option<ContactId> {
        let first = ways.first()?.to.as_ref()?;
        let is_open = |way: &Way| {
            way.to.as_ref() != Some(first)
                || !way.alias.kind.is_strong()
                || (way.alias.user_id().is_some() && !way.is_seen_here)
        };
        (!self.is_notice() && !ways.iter().any(is_open)).then(|| first.clone())
    }

    /// What is known of a contact's user ids once it wrote this.
    pub fn known_after(&self, before: &UserIds) -> UserIds {
        if self.is_notice() {
            before.changed(&self.connection, &self.user_ids)
        } else {
            before.seen(&self.connection, &self.user_ids)
        }
    }

    fn phones(&self) -> impl Iterator<Item = &Alias> {
        self.identities.iter().filter(|alias| alias.kind == AliasKind::Phone)
    }

    /// Whether it cannot be this contact's, whatever else they share.
    fn contradicts(&self, contact: &Contact) -> bool {
        if self.identities.iter().all(|alias| !alias.kind.is_strong()) {
            return contact.has_strong_identity();
        }
        let Some(known) = contact.user_ids.get(&self.connection).filter(|_| !self.user_ids.is_empty()) else {
            return false;
        };
        if known.is_empty() {
            // Its number changed and its new id is not known: whoever writes from the number that it left is another.
            let left = |phone: &Alias| !contact.phone().is_none_or(|current| current.is_same(phone));
            return !self.is_notice() && self.phones().any(left);
        }
        known.is_disjoint(&self.user_ids)
    }
}

/// Decides whose message it is. `ways` are those of `shown.identities`, in their order, and `candidates` all contacts that they lead to.
pub fn decide(shown: &Shown, ways: &[Way], candidates: &[Candidate]) -> Verdict {
    let of = |id: &ContactId| candidates.iter().find(|candidate| candidate.ids.contains(id));
    let is_by_parent = |candidate: &Candidate| {
        ways.iter().any(|way| way.alias.is_parent_id() && way.to.as_ref().is_some_and(|to| candidate.ids.contains(to)))
    };
    let is_other = |candidate: &Candidate| shown.contradicts(&candidate.contact) && !is_by_parent(candidate);
    let mut ranked: Vec<&Way> = ways.iter().collect();
    ranked.sort_by_key(|way| rank(&way.alias));
    let found = ranked.iter().filter_map(|way| of(way.to.as_ref()?)).filter(|candidate| !is_other(candidate));
    let mut one: Vec<&Candidate> = Vec::new();
    for candidate in found {
        let is_known = one.iter().any(|known| known.contact.id == candidate.contact.id);
        if !is_known && one.iter().all(|known| !are_apart(known, candidate, shown)) {
            one.push(candidate);
        }
    }
    let is_one = |candidate: &Candidate| one.iter().any(|known| known.contact.id == candidate.contact.id);
    let mut verdict = Verdict {
        person: one.first().map(|person| person.contact.id.clone()),
        same: one.iter().skip(1).map(|same| same.contact.id.clone()).collect(),
        takes: Vec::new(),
        learns: Vec::new(),
        apart: Vec::new(),
    };
    let current = shown.phones().last();
    for way in ways {
        let Some(to) = &way.to else {
            verdict.learns.push(way.alias.clone());
            continue;
        };
        let Some(holder) = of(to).filter(|holder| !is_one(holder)) else { continue };
        let is_phone = way.alias.kind == AliasKind::Phone;
        let moves = match way.alias.kind {
            AliasKind::Username => is_other(holder),
            AliasKind::Bsuid => way.alias.user_id().is_some() && is_other(holder),
            AliasKind::Phone => {
                (is_other(holder) || (shown.is_notice() && current == Some(&way.alias)))
                    // A message that comes late takes nothing from whoever wrote after it.
                    && holder.wrote_at.is_none_or(|wrote_at| wrote_at <= shown.at)
            }
            AliasKind::Lid | AliasKind::Group => false,
        };
        if moves {
            verdict.takes.push((way.alias.clone(), to.clone()));
        }
        if is_phone && is_other(holder) {
            verdict.apart.push((holder.contact.id.clone(), way.alias.clone()));
        }
    }
    verdict
}

/// Which identity says most: a user id is never given to another person.
fn rank(alias: &Alias) -> u8 {
    match alias.kind {
        AliasKind::Bsuid if !alias.is_parent_id() => 0,
        AliasKind::Bsuid => 1,
        AliasKind::Lid => 2,
        AliasKind::Group | AliasKind::Phone => 3,
        AliasKind::Username => 4,
    }
}

/// Whether two contacts are two people, though a message shows identities of both.
fn are_apart(one: &Candidate, other: &Candidate, shown: &Shown) -> bool {
    // Meta's word that an id changed is stronger than what a number's two ids made us think.
    let is_told = shown.user_ids.len() > 1;
    let causes: &[ApartCause] = if is_told { &[ApartCause::Hand] } else { &[ApartCause::Number, ApartCause::Hand] };
    let ids = |candidate: &Candidate| {
        if is_told { shown.known_after(&candidate.contact.user_ids) } else { candidate.contact.user_ids.clone() }
    };
    one.contact.is_apart_from(other.ids.iter(), causes)
        || other.contact.is_apart_from(one.ids.iter(), causes)
        || ids(one).contradict(&ids(other))
}

/// The identities of two contacts that are one: those of the first, then what the second adds. Phone numbers that were named
/// together last stand at the end, in their order, since answers go to the last one: so a changed number is answered.
pub fn joined(first: &[Alias], second: &[Alias], named: &[Alias]) -> Vec<Alias> {
    let mut all = first.to_vec();
    for alias in second {
        if !all.iter().any(|known| known.is_same(alias)) {
            all.push(alias.clone());
        }
    }
    let phones: Vec<&Alias> = named.iter().filter(|alias| alias.kind == AliasKind::Phone).collect();
    if phones.len() > 1 {
        for phone in phones {
            if let Some(at) = all.iter().position(|known| known.is_same(phone)) {
                let phone = all.remove(at);
                all.push(phone);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests;
