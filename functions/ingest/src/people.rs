//! Who wrote: a contact that is known by what the message shows, one that is made, several that turn out to be one, or one that has taken
//! over another's number. `domain::identity` decides; here it is looked up and carried out, one step after the other.

use std::collections::BTreeSet;

use domain::connection::Connection;
use domain::contact::{Apart, ApartCause, Contact};
use domain::identity::{Candidate, Shown, Verdict, Way, decide};
use domain::ids::ContactId;
use domain::message::InboundMessage;
use domain::user_ids::UserIds;
use runtime::{Problem, clock};
use storage::{ChangeError, HandOver, NewContact, Person, Receiver};

use crate::Ingest;
use crate::messages::TRIES;

impl Ingest {
    /// The person who wrote, made if nobody knows it. What its identities do not say yet they say afterwards.
    pub(crate) async fn person_who_wrote(
        &self,
        connection: &Connection,
        inbound: &InboundMessage,
    ) -> Result<Person, Problem> {
        let shown = shown(connection, inbound);
        // Each step that changes something is followed by another look, so that no two have to be right together.
        for _ in 0..TRIES {
            let found = self.storage.ways(&connection.org, &connection.id, &shown.identities).await?;
            let (ways, absorbed): (Vec<Way>, Vec<_>) =
                found.into_iter().map(|found| (found.way, found.absorbed)).unzip();
            if let Some(id) = shown.settled(&ways) {
                let absorbed = absorbed.into_iter().next().unwrap_or_default();
                return Ok(Person { id, absorbed });
            }
            if ways.iter().all(|way| way.to.is_none()) {
                return self.somebody_new(connection, inbound).await;
            }
            if let Some(person) = self.settle(connection, inbound, &shown, &ways).await? {
                return Ok(person);
            }
        }
        Err(ChangeError::Stale.into())
    }

    async fn somebody_new(&self, connection: &Connection, inbound: &InboundMessage) -> Result<Person, Problem> {
        let id = ContactId::generate(clock::now(), runtime::ids::random());
        let contact = profile(id, connection, inbound);
        let id = self.storage.contact_or_new(&connection.org, &NewContact { contact }, Some(&connection.id)).await?;
        Ok(Person { id, absorbed: Vec::new() })
    }

    /// One step towards ways that say whose the message is. The person, where nothing is left to do.
    async fn settle(
        &self,
        connection: &Connection,
        inbound: &InboundMessage,
        shown: &Shown,
        ways: &[Way],
    ) -> Result<Option<Person>, Problem> {
        let org = &connection.org;
        let leads: BTreeSet<&ContactId> = ways.iter().filter_map(|way| way.to.as_ref()).collect();
        let mut candidates: Vec<Candidate> = Vec::new();
        for id in leads {
            let candidate = self.storage.candidate(org, id, &connection.id).await?;
            // Whoever made a contact may have crashed before its profile, which its first conversation writes.
            let candidate = candidate.unwrap_or_else(|| unwritten(id));
            if !candidates.iter().any(|known| known.contact.id == candidate.contact.id) {
                candidates.push(candidate);
            }
        }
        let verdict = decide(shown, ways, &candidates);
        let of = |id: &ContactId| candidates.iter().find(|candidate| candidate.contact.id == *id);
        let Some(known) = verdict.person.as_ref().and_then(of) else {
            let id = ContactId::generate(clock::now(), runtime::ids::random());
            let new = Contact { aliases: verdict.learns.clone(), ..profile(id, connection, inbound) };
            let user_ids = Some(new.user_ids.clone());
            return self.take_over(connection, shown, &verdict, Receiver::New(Box::new(new)), user_ids).await;
        };
        let person = Person { id: known.contact.id.clone(), absorbed: known.ids[1..].to_vec() };
        let is_theirs = |id: &ContactId| {
            known.ids.contains(id) || verdict.same.iter().any(|same| of(same).is_some_and(|same| same.ids.contains(id)))
        };
        // A way that leads to a contact by its former name was not turned yet: whoever merged them crashed.
        let unturned = ways.iter().filter_map(|way| way.to.as_ref()).filter(|to| is_theirs(to) && **to != person.id);
        let merging: BTreeSet<ContactId> = unturned.chain(&verdict.same).cloned().collect();
        if !merging.is_empty() {
            let ids: Vec<ContactId> = std::iter::once(person.id).chain(merging).collect();
            let merged = self.storage.merge_contacts(org, &ids, &shown.identities).await?;
            tracing::info!(org.id = %org, contact.id = %merged.id, contacts = ids.len(), "contacts merged");
            return Ok(None);
        }
        let user_ids = shown.known_after(&known.contact.user_ids);
        let is_told =
            |(other, _): &(ContactId, _)| known.contact.is_apart_from(std::iter::once(other), &[ApartCause::Number]);
        if !verdict.takes.is_empty() || !verdict.apart.iter().all(is_told) {
            let to = Receiver::Known(person.id);
            return self.take_over(connection, shown, &verdict, to, Some(user_ids)).await;
        }
        if !verdict.learns.is_empty() {
            self.storage.learn_aliases(org, &person, &verdict.learns, None).await?;
        }
        let is_unseen = |way: &Way| way.alias.user_id().is_some() && !way.is_seen_here;
        if ways.iter().any(is_unseen) || known.contact.user_ids != user_ids {
            let (contact, at) = (&known.contact, &connection.id);
            self.storage.see_user_ids(org, contact, &user_ids, at, &shown.identities).await?;
        }
        Ok(Some(person))
    }

    /// Lets the person have what the verdict gives it. Nobody when somebody else changed the contacts meanwhile.
    async fn take_over(
        &self,
        connection: &Connection,
        shown: &Shown,
        verdict: &Verdict,
        to: Receiver,
        user_ids: Option<UserIds>,
    ) -> Result<Option<Person>, Problem> {
        let apart = |(contact, number): &(ContactId, domain::alias::Alias)| Apart {
            contact: contact.clone(),
            cause: ApartCause::Number,
            number: Some(number.value.clone()),
            at: shown.at,
        };
        let over = HandOver {
            to,
            takes: verdict.takes.clone(),
            seen_on: Some(connection.id.clone()),
            user_ids,
            apart: verdict.apart.iter().map(apart).collect(),
        };
        let person = self.storage.hand_over(&connection.org, &over).await?;
        if let Some(person) = &person {
            let (org, contact) = (&connection.org, &person.id);
            tracing::info!(org.id = %org, contact.id = %contact, identities = over.takes.len(), "an identity changed hands");
        }
        Ok(person)
    }
}

/// What a message shows of who wrote it.
fn shown(connection: &Connection, inbound: &InboundMessage) -> Shown {
    Shown::new(&connection.id, &inbound.sender.aliases, inbound.written_at(clock::now()))
}

/// The contact as its message shows it.
pub(crate) fn profile(id: ContactId, connection: &Connection, inbound: &InboundMessage) -> Contact {
    let shown = shown(connection, inbound);
    let user_ids = shown.known_after(&UserIds::default());
    Contact {
        name: inbound.sender.name.clone(),
        username: inbound.sender.username().map(str::to_owned),
        aliases: shown.identities,
        user_ids,
        is_group: inbound.sender.is_group,
        ..Contact::new(id, clock::now())
    }
}

/// A contact whose profile is not written yet, as a candidate.
fn unwritten(id: &ContactId) -> Candidate {
    let contact = Contact::new(id.clone(), clock::now());
    Candidate { contact, ids: vec![id.clone()], wrote_at: None }
}
