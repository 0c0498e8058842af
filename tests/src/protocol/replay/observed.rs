//! What of a table can be compared: the model's and the real one, in the same words.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{ContactId, ConversationId, TicketId};
use domain::message::Direction;
use domain::ticket::Ticket;
use storage::Storage;

use super::super::system::System;
use super::super::table::{self, Table};
use super::people::{People, message_id};

/// The contents of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Observed {
    counter: u64,
    agents: Vec<u32>,
    /// By person: whether the profile is there.
    people: BTreeMap<u8, bool>,
    conversations: BTreeMap<ConversationId, Conversation>,
    /// By conversation and message: place and ticket.
    messages: BTreeMap<(ConversationId, String), (u64, Option<TicketId>)>,
    /// By number: id, state, agent, whether it was answered, generation, version.
    tickets: BTreeMap<u64, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Conversation {
    generation: u32,
    in_seq: u64,
    counted: Vec<u8>,
    slot: Option<TicketId>,
    previous: Option<TicketId>,
}

/// The real ids of what a walk is about.
#[derive(Debug, Clone)]
pub(super) struct Names {
    people: People,
    messages: Vec<u8>,
    /// By person: the connections by which it writes.
    connections: BTreeMap<u8, BTreeSet<u8>>,
    contacts: BTreeMap<u8, ContactId>,
}

impl Names {
    pub(super) fn new(people: People, system: &System) -> Self {
        let messages = system.units.iter().map(|unit| unit.message);
        let earlier = system.table.messages.keys().map(|(_, message)| *message);
        let written = system.units.iter().map(|unit| (unit.person, unit.connection));
        let known = system.table.conversations.keys().map(|id| (id.contact.person, id.connection));
        let mut connections: BTreeMap<u8, BTreeSet<u8>> = BTreeMap::new();
        for (person, connection) in written.chain(known) {
            connections.entry(person).or_default().insert(connection);
        }
        Self { people, messages: messages.chain(earlier).collect(), connections, contacts: BTreeMap::new() }
    }

    /// The real table. Learns the contacts that were made.
    pub(super) async fn real(&mut self, storage: &Storage, model: &Table) -> Observed {
        let org = &self.people.org;
        let mut seen = Observed { counter: storage.ticket_count(org).await.unwrap(), ..Observed::default() };
        for agent in 0..model.agents.len() {
            let agent = People::agent(u8::try_from(agent).unwrap());
            seen.agents.push(storage.agent(org, &agent).await.unwrap().unwrap().load);
        }
        for (person, connections) in self.connections.clone() {
            let known = storage.contact_by_alias(org, &[People::alias(person)]).await.unwrap();
            let Some(known) = known else { continue };
            seen.people.insert(person, storage.contact(org, &known.id).await.unwrap().is_some());
            for connection in connections {
                let id = ConversationId::of(&People::connection(connection), &known.id);
                self.real_conversation(storage, &id, &mut seen).await;
            }
            self.contacts.insert(person, known.id);
        }
        for ticket in storage.tickets_by_number(org, u64::MAX, 10).await.unwrap().tickets {
            seen.tickets.insert(ticket.number.number, of_real(&ticket));
        }
        seen
    }

    async fn real_conversation(&self, storage: &Storage, id: &ConversationId, seen: &mut Observed) {
        let org = &self.people.org;
        if let Some(found) = self.people.conversation(storage, id).await.unwrap() {
            let counted = self.messages.iter().copied().filter(|message| found.counted_lately(&message_id(*message)));
            let counted = Conversation {
                counted: sorted(counted),
                generation: found.generation,
                in_seq: found.in_seq,
                slot: found.slot,
                previous: found.previous,
            };
            seen.conversations.insert(id.clone(), counted);
        }
        for message in storage.messages(org, id, None, 100).await.unwrap() {
            if message.direction == Direction::In {
                seen.messages.insert((id.clone(), message.reference.id), (message.seq, message.ticket));
            }
        }
    }

    /// The model's table.
    pub(super) fn model(&self, table: &Table) -> Observed {
        let mut seen = Observed { counter: table.counter.into(), ..Observed::default() };
        seen.agents = table.agents.iter().map(|agent| u32::try_from(agent.load).unwrap()).collect();
        seen.people = table.aliases.iter().map(|(person, id)| (*person, table.profiles.contains(id))).collect();
        for (id, item) in &table.conversations {
            let conversation = Conversation {
                generation: item.generation.unwrap_or_default().into(),
                in_seq: item.in_seq.unwrap_or_default().into(),
                counted: sorted(self.messages.iter().copied().filter(|message| item.counted.has(*message))),
                slot: item.slot.map(|id| self.ticket(id)),
                previous: item.previous.map(|id| self.ticket(id)),
            };
            seen.conversations.insert(self.conversation(*id), conversation);
        }
        for ((id, message), place) in &table.messages {
            let place = (place.seq.into(), Some(self.ticket(place.ticket)));
            seen.messages.insert((self.conversation(*id), message_id(*message)), place);
        }
        for (id, ticket) in table.all_tickets() {
            seen.tickets.insert(ticket.number.into(), self.of_model(id, ticket));
        }
        seen
    }

    fn conversation(&self, id: table::ConversationId) -> ConversationId {
        ConversationId::of(&People::connection(id.connection), &self.contacts[&id.contact.person])
    }

    pub(super) fn ticket(&self, id: table::TicketId) -> TicketId {
        TicketId::of(&self.conversation(id.conversation), id.generation.into())
    }

    fn of_model(&self, id: table::TicketId, ticket: table::Ticket) -> String {
        let agent = ticket.agent.map(People::agent);
        let table::Ticket { state, answered, generation, version, .. } = ticket;
        format!("{} {state:?} {agent:?} answered {answered} generation {generation} version {version}", self.ticket(id))
    }
}

fn of_real(ticket: &Ticket) -> String {
    let Ticket { id, state, agent, version, .. } = ticket;
    let (answered, generation) = (ticket.first_response_at.is_some(), ticket.generation.unwrap_or_default());
    format!("{id} {state:?} {agent:?} answered {answered} generation {generation} version {version}")
}

fn sorted(messages: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut messages: Vec<u8> = messages.collect();
    messages.sort_unstable();
    messages.dedup();
    messages
}
