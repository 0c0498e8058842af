//! Making tickets in blocks: `storage/src/openings.rs` `open_block` and `storage/src/counter.rs` `take_numbers`.

use domain::ticket::TicketState;

use super::call::Call;
use super::table::{AtKey, Table, Ticket, TicketId};
use super::variant::Variant;

/// The tickets that one process makes in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Block {
    /// The tasks that wait for it.
    pub(super) members: Vec<u8>,
    /// The tickets by their place; only a weakened variant leaves a place empty.
    tickets: Vec<Option<TicketId>>,
    /// The last number given, as it was read.
    counter: Option<u8>,
    /// The transaction was committed and its answer lost: the client sends it again.
    pub(super) repeated: bool,
}

impl Block {
    /// The tickets that these tasks want, each once.
    pub(super) fn of(members: Vec<u8>, mut wanted: Vec<TicketId>) -> Self {
        wanted.sort_unstable();
        wanted.dedup();
        Self { members, tickets: wanted.into_iter().map(Some).collect(), counter: None, repeated: false }
    }

    pub(super) fn call(&self) -> Call {
        if self.counter.is_none() { Call::ReadCounter } else { Call::OpenTickets }
    }

    /// Makes its next call. When that ends it: the tickets that it made.
    pub(super) fn step(&mut self, variant: Variant, table: &mut Table) -> Option<Vec<TicketId>> {
        let places = u8::try_from(self.tickets.len()).unwrap();
        let Some(last) = self.counter else {
            self.counter = Some(table.counter);
            if variant == Variant::CounterOutside {
                table.counter += places;
            }
            return None;
        };
        if self.repeated && variant.has_token() {
            return Some(self.made());
        }
        self.repeated = false;
        if variant != Variant::CounterOutside && table.counter != last {
            self.counter = Some(table.counter);
            return None;
        }
        let is_taken = |ticket: &Option<TicketId>| ticket.is_some_and(|id| table.tickets.contains_key(&id));
        if variant.keeps_tickets()
            && let Some(place) = self.tickets.iter().position(is_taken)
        {
            if variant == Variant::BlockKeepsNumbers {
                self.tickets[place] = None;
            } else {
                self.tickets.remove(place);
            }
            let is_over = self.tickets.iter().all(Option::is_none);
            return is_over.then(Vec::new);
        }
        for (number, ticket) in (last + 1..).zip(&self.tickets) {
            if let Some(id) = ticket {
                table.tickets.insert(*id, AtKey::Ticket(new_ticket(number, id.generation)));
            }
        }
        if variant != Variant::CounterOutside {
            table.counter = last + places;
        }
        Some(self.made())
    }

    fn made(&self) -> Vec<TicketId> {
        self.tickets.iter().copied().flatten().collect()
    }
}

fn new_ticket(number: u8, generation: u8) -> Ticket {
    Ticket { number, state: TicketState::New, agent: None, answered: false, kept: false, generation, version: 1 }
}
