//! What is promised: of every state, or of every state in which all work is done.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::{Command, Told};
use super::explorer::Protocol;
use super::state::State;
use super::system::System;
use super::table::Table;

/// A promise, by the invariant of ARCHITECTURE.md that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// I1, always: a message is stored at most once.
    StoredOnce,
    /// I1, always: no message of a group is stored before those that came before it.
    InOrder,
    /// I1, at the end: every delivered message is stored, with a ticket that exists.
    Stored,
    /// I1, at the end: a conversation counts exactly the messages that it has.
    CountedOnce,
    /// I1, at the end: the places of a conversation's messages are 1 to n.
    PlacesTrue,
    /// I1, always: every conversation that exists can be read.
    Readable,
    /// I1, always: a person is one contact.
    OneContact,
    /// I1, at the end: every alias leads to a profile.
    ProfileThere,
    /// I1, at the end: every ticket has a message that it was opened for.
    OpenedOnce,
    /// I2, always: one active ticket for a person and a connection.
    OneActiveTicket,
    /// I2, at the end: the slot names the active ticket, and nothing where none is.
    SlotIsTrue,
    /// I3, always: no number twice.
    NumbersUnique,
    /// I3, at the end: the numbers are 1 to n, and the counter is n.
    NumbersGapless,
    /// I4, always: a claim has one winner.
    OneWinner,
    /// I4, at the end: who holds a ticket by its claim was told so.
    WinnerTold,
    /// I4, always: an agent's load is the number of tickets that it holds.
    LoadTrue,
    /// I4, always: nobody holds more than its capacity.
    WithinCapacity,
    /// From every state all work can be finished.
    Finishes,
}

/// The promises that a state breaks.
pub(super) fn broken(system: &System, state: &State) -> Vec<Promise> {
    let table = &state.table;
    let mut kept = vec![
        (Promise::StoredOnce, stored_once(table)),
        (Promise::InOrder, in_order(system, table)),
        (Promise::Readable, table.conversations.values().all(|conversation| conversation.named)),
        (Promise::OneContact, one_contact(table)),
        (Promise::OneActiveTicket, one_active_ticket(table)),
        (Promise::NumbersUnique, is_unique(table.all_tickets().map(|(_, ticket)| ticket.number))),
        (Promise::OneWinner, one_winner(system, state)),
        (Promise::LoadTrue, load_is_true(table)),
        (Promise::WithinCapacity, within_capacity(table)),
    ];
    if system.is_finished(state) {
        kept.extend([
            (Promise::Stored, all_stored(system, table)),
            (Promise::CountedOnce, counted_once(table)),
            (Promise::PlacesTrue, places_are_true(table)),
            (Promise::ProfileThere, table.aliases.values().all(|id| table.profiles.contains(id))),
            (Promise::OpenedOnce, opened_once(table)),
            (Promise::SlotIsTrue, slot_is_true(table)),
            (Promise::NumbersGapless, numbers_are_gapless(table)),
            (Promise::WinnerTold, winner_told(system, state)),
        ]);
    }
    kept.into_iter().filter(|(_, kept)| !kept).map(|(promise, _)| promise).collect()
}

fn is_unique<T: Ord>(values: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

fn stored_once(table: &Table) -> bool {
    is_unique(table.messages.keys().map(|(_, message)| *message))
}

fn in_order(system: &System, table: &Table) -> bool {
    let is_stored = |message: u8| table.messages.keys().any(|(_, stored)| *stored == message);
    let pairs =
        system.units.iter().enumerate().flat_map(|(n, late)| system.units[..n].iter().map(move |early| (early, late)));
    pairs
        .filter(|(early, late)| early.group == late.group)
        .all(|(early, late)| is_stored(early.message) || !is_stored(late.message))
}

fn all_stored(system: &System, table: &Table) -> bool {
    let is_stored = |message: u8| {
        let place = table.messages.iter().find(|((_, stored), _)| *stored == message);
        place.is_some_and(|(_, place)| table.ticket(place.ticket).is_some())
    };
    system.units.iter().all(|unit| is_stored(unit.message))
}

fn counted_once(table: &Table) -> bool {
    table.conversations.iter().all(|(id, conversation)| {
        let stored = table.messages.keys().filter(|(of, _)| of == id).count();
        usize::from(conversation.in_seq.unwrap_or_default()) == stored
    })
}

fn places_are_true(table: &Table) -> bool {
    table.conversations.iter().all(|(id, conversation)| {
        let of_this = table.messages.iter().filter(|((of, _), _)| of == id);
        let places: BTreeSet<u8> = of_this.map(|(_, place)| place.seq).collect();
        places == (1..=conversation.in_seq.unwrap_or_default()).collect()
    })
}

fn one_contact(table: &Table) -> bool {
    let contacts: BTreeSet<_> = table.profiles.iter().chain(table.aliases.values()).collect();
    is_unique(contacts.into_iter().map(|contact| contact.person))
}

fn opened_once(table: &Table) -> bool {
    table.all_tickets().all(|(id, _)| table.messages.values().any(|place| place.ticket == id))
}

fn one_active_ticket(table: &Table) -> bool {
    let active = table.all_tickets().filter(|(_, ticket)| !ticket.state.is_final());
    is_unique(active.map(|(id, _)| (id.conversation.connection, id.conversation.contact.person)))
}

fn slot_is_true(table: &Table) -> bool {
    table.conversations.iter().all(|(id, conversation)| {
        let of_this = table.all_tickets().filter(|(ticket, _)| ticket.conversation == *id);
        let active = of_this.filter(|(_, ticket)| !ticket.state.is_final()).map(|(id, _)| id);
        active.collect::<Vec<_>>() == conversation.slot.into_iter().collect::<Vec<_>>()
    })
}

fn numbers_are_gapless(table: &Table) -> bool {
    let mut numbers: Vec<u8> = table.all_tickets().map(|(_, ticket)| ticket.number).collect();
    numbers.sort_unstable();
    numbers == (1..=table.counter).collect::<Vec<u8>>()
}

/// A version of a ticket is the work of one claim.
fn one_winner(system: &System, state: &State) -> bool {
    let won = state.desks.iter().zip(&system.scripts).flat_map(|(desk, script)| {
        desk.told.iter().zip(&script.commands).filter_map(|(told, command)| match (told, command) {
            (Told::Done { version }, Command::Claim) => Some((script.number, *version)),
            _ => None,
        })
    });
    is_unique(won)
}

/// Whoever was told no does not hold the ticket, unless it asked twice.
fn winner_told(system: &System, state: &State) -> bool {
    state.desks.iter().zip(&system.scripts).all(|(desk, script)| {
        let refused = desk.told.iter().zip(&script.commands).any(|pair| pair == (&Told::No, &Command::Claim));
        let holds = state.table.numbered(script.number).is_some_and(|(_, ticket)| ticket.agent == Some(script.agent));
        desk.asked_again || !(refused && holds)
    })
}

fn load_is_true(table: &Table) -> bool {
    let mut held: BTreeMap<u8, i8> = BTreeMap::new();
    for agent in table.all_tickets().filter_map(|(_, ticket)| ticket.holder()) {
        *held.entry(agent).or_default() += 1;
    }
    (0u8..).zip(&table.agents).all(|(id, agent)| agent.load == held.get(&id).copied().unwrap_or_default())
}

fn within_capacity(table: &Table) -> bool {
    table.agents.iter().all(|agent| agent.load <= i8::try_from(agent.capacity).unwrap())
}
