//! Every order of what two connections may show of people whose numbers and names change hands.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::contact::Apart;

/// One message, in truth: which of the people wrote it, from which number, under which user name, on which connection.
#[derive(Debug, Clone)]
struct Said {
    human: usize,
    number: Option<usize>,
    name: Option<usize>,
    connection: usize,
    second: i64,
}

impl Said {
    /// What it shows. One portfolio has both connections, so a person has one user id.
    fn shown(&self) -> Shown {
        let mut aliases: Vec<Alias> = self.number.map(number).into_iter().collect();
        aliases.push(user(&format!("US.{}", self.human)));
        aliases.extend(self.name.map(|held| name(&format!("name{held}"))));
        Shown::new(&con(["com", "sup"][self.connection]), &aliases, at(self.second))
    }
}

fn number(which: usize) -> Alias {
    phone(&format!("7707986137{which}"))
}

/// The table: contacts, and where identities lead.
#[derive(Default)]
struct World {
    contacts: BTreeMap<ContactId, Contact>,
    went_into: BTreeMap<ContactId, ContactId>,
    ways: BTreeMap<(AliasKind, String), ContactId>,
    wrote: BTreeMap<(ContactId, ConnectionId), Timestamp>,
}

fn key(alias: &Alias) -> (AliasKind, String) {
    (alias.kind, alias.match_key())
}

impl World {
    /// Takes a message as `ingest` does, and says whose it was.
    fn take(&mut self, shown: &Shown) -> ContactId {
        let ways: Vec<Way> = shown.identities.iter().map(|alias| self.way(alias, shown)).collect();
        let id = shown.settled(&ways).unwrap_or_else(|| self.settle(shown, &ways));
        let wrote = self.wrote.entry((id.clone(), shown.connection.clone())).or_insert(shown.at);
        *wrote = (*wrote).max(shown.at);
        id
    }

    fn way(&self, alias: &Alias, shown: &Shown) -> Way {
        let to = self.ways.get(&key(alias)).cloned();
        let seen = |to: &ContactId| {
            let known = self.contacts[to].user_ids.get(&shown.connection);
            alias.user_id().is_some_and(|id| known.is_some_and(|known| known.contains(id)))
        };
        Way { alias: alias.clone(), is_seen_here: to.as_ref().is_some_and(seen), to }
    }

    fn candidate(&self, id: &ContactId, shown: &Shown) -> Candidate {
        let gone = self.went_into.iter().filter(|(_, into)| *into == id).map(|(gone, _)| gone);
        Candidate {
            contact: self.contacts[id].clone(),
            ids: std::iter::once(id).chain(gone).cloned().collect(),
            wrote_at: self.wrote.get(&(id.clone(), shown.connection.clone())).copied(),
        }
    }

    fn settle(&mut self, shown: &Shown, ways: &[Way]) -> ContactId {
        let leads: BTreeSet<&ContactId> = ways.iter().filter_map(|way| way.to.as_ref()).collect();
        let candidates: Vec<Candidate> = leads.into_iter().map(|id| self.candidate(id, shown)).collect();
        let verdict = decide(shown, ways, &candidates);
        let new = ContactId::new(format!("ctc_{}", self.contacts.len())).unwrap();
        let id = verdict.person.clone().unwrap_or(new);
        let mut contact = self.contacts.get(&id).cloned().unwrap_or_else(|| Contact::new(id.clone(), shown.at));
        for (alias, from) in &verdict.takes {
            self.contacts.get_mut(from).unwrap().aliases.retain(|known| !known.is_same(alias));
        }
        for same in &verdict.same {
            let gone = self.contacts[same].clone();
            contact.aliases = joined(&contact.aliases, &gone.aliases, &shown.identities);
            contact.user_ids = contact.user_ids.and(&gone.user_ids);
            contact.apart.extend(gone.apart);
            self.went_into.insert(same.clone(), id.clone());
        }
        contact.aliases.extend(verdict.takes.iter().map(|(alias, _)| alias.clone()).chain(verdict.learns));
        contact.user_ids = shown.known_after(&contact.user_ids);
        for (other, number) in &verdict.apart {
            let number = Some(number.value.clone());
            let apart = |contact: &ContactId| Apart {
                contact: contact.clone(),
                cause: ApartCause::Number,
                number: number.clone(),
                at: shown.at,
            };
            contact.apart.push(apart(other));
            self.contacts.get_mut(other).unwrap().apart.push(apart(&id));
        }
        for alias in &contact.aliases {
            self.ways.insert(key(alias), id.clone());
        }
        self.contacts.insert(id.clone(), contact);
        id
    }

    /// Every identity leads to the one contact that has it, and on a connection a contact is one user id.
    fn is_sound(&self) {
        for (id, contact) in self.contacts.iter().filter(|(id, _)| !self.went_into.contains_key(*id)) {
            for alias in &contact.aliases {
                assert_eq!(self.ways.get(&key(alias)), Some(id), "{alias:?}");
            }
            for connection in ["com", "sup"] {
                let ids = contact.user_ids.get(&con(connection)).cloned().unwrap_or_default();
                assert!(ids.len() <= 1, "on {connection} {id} is {ids:?}");
            }
        }
        for (way, id) in &self.ways {
            assert!(self.contacts[id].aliases.iter().any(|alias| key(alias) == *way), "{way:?} leads to {id}");
            assert!(way.0.is_strong(), "a user name led to {id}");
        }
    }
}

/// Three people on three numbers under two names, each of which goes from one to the other at any time.
fn lives() -> impl Strategy<Value = Vec<Said>> {
    let step = (0..3usize, prop::option::of(0..3usize), prop::option::of(0..2usize), 0..2usize);
    prop::collection::vec(step, 1..24).prop_map(|steps| {
        let said = (0..).zip(steps);
        said.map(|(second, (human, number, name, connection))| Said { human, number, name, connection, second })
            .collect()
    })
}

fn lives_and_an_order() -> impl Strategy<Value = [Vec<Said>; 2]> {
    lives().prop_flat_map(|said| (Just(said.clone()), Just(said).prop_shuffle())).prop_map(|(told, came)| [told, came])
}

proptest! {
    #[test]
    fn in_any_order_nobody_gets_into_another_one_s_conversation(orders in lives_and_an_order()) {
        for messages in &orders {
            let mut world = World::default();
            // Whose messages each contact got, on each connection.
            let mut got: BTreeMap<(ContactId, usize), BTreeSet<usize>> = BTreeMap::new();
            for message in messages {
                let id = world.take(&message.shown());
                got.entry((id, message.connection)).or_default().insert(message.human);
                world.is_sound();
            }
            for ((id, connection), humans) in &got {
                prop_assert!(humans.len() == 1, "{} on {} got the messages of {:?}", id, connection, humans);
            }
        }
    }

    #[test]
    fn a_number_leads_to_whoever_wrote_from_it_last(said in lives()) {
        let mut world = World::default();
        let mut last = BTreeMap::new();
        for message in said {
            let message = Said { connection: 0, ..message };
            world.take(&message.shown());
            if let Some(number) = message.number {
                last.insert(number, message.human);
            }
        }
        for (which, human) in last {
            prop_assert_eq!(world.ways.get(&key(&number(which))), world.ways.get(&key(&user(&format!("US.{human}")))));
        }
    }

    #[test]
    fn who_keeps_number_and_id_is_one_contact_in_any_order(order in Just((0..12usize).collect::<Vec<_>>()).prop_shuffle()) {
        // Two people, each of whose messages shows the number, the user id or both, on either connection.
        let mut world = World::default();
        for n in order {
            let (human, connection, what) = (n % 2, (n / 2) % 2, n / 4);
            let aliases = [number(human), user(&format!("US.{human}"))];
            let aliases = [&aliases[..1], &aliases[1..], &aliases[..]][what];
            world.take(&Shown::new(&con(["com", "sup"][connection]), aliases, at(0)));
            world.is_sound();
        }
        let people: BTreeSet<&ContactId> = world.ways.values().collect();
        prop_assert_eq!(people.len(), 2);
    }
}
