//! The situations that are explored. Each begins with a small table and lets everything happen in every order.

use domain::ticket::TicketState;

use super::desk::{Command, Script};
use super::state::{Faults, Unit};
use super::system::System;
use super::table::{Agent, AtKey, ContactId, Conversation, ConversationId, Counted, Place, Table, Ticket, TicketId};
use super::variant::Variant;

/// A message of a person by a connection; the two make the group, as the queue's group does.
fn unit(message: u8, person: u8, connection: u8) -> Unit {
    Unit { message, person, connection, group: person * 2 + connection }
}

fn script(agent: u8, number: u8, commands: &[Command]) -> Script {
    Script { agent, number, commands: commands.to_vec() }
}

fn faults(crashes: u8, lost_answers: u8, overlaps: u8) -> Faults {
    Faults { crashes, lost_answers, overlaps, stale_reads: 0 }
}

fn ingest(units: &[Unit], faults: Faults) -> System {
    let (units, table) = (units.to_vec(), Table::default());
    System { variant: Variant::AsCoded, units, processes: 2, scripts: Vec::new(), reopens: false, table, faults }
}

fn known(table: &mut Table, person: u8) -> ContactId {
    let id = ContactId { person, maker: 0 };
    table.aliases.insert(person, id);
    table.profiles.insert(id);
    id
}

fn agents(table: &mut Table, loads: &[i8]) {
    table.agents = loads.iter().map(|load| Agent { capacity: 1, load: *load }).collect();
}

/// A conversation of a known person with one message, 9, and its ticket, number 1, in this state.
fn with_ticket(table: &mut Table, state: TicketState, agent: Option<u8>) {
    let conversation = ConversationId { connection: 0, contact: known(table, 0) };
    let id = TicketId { conversation, generation: 0, salt: 0 };
    let is_final = state.is_final();
    // Closing is a change of its own.
    let version = 1 + u8::from(is_final);
    let ticket = Ticket { number: 1, state, agent, answered: false, kept: false, generation: 0, version };
    table.counter = 1;
    table.tickets.insert(id, AtKey::Ticket(ticket));
    table.messages.insert((conversation, 9), Place { seq: 1, ticket: id });
    let item = Conversation {
        named: true,
        generation: Some(u8::from(is_final)),
        in_seq: Some(1),
        counted: Counted::default().and(9),
        slot: (!is_final).then_some(id),
        previous: is_final.then_some(id),
    };
    table.conversations.insert(conversation, item);
}

/// The first message of somebody whom nobody knows, posted by the provider once.
pub(super) fn first_message() -> System {
    ingest(&[unit(0, 0, 0)], Faults { stale_reads: 1, ..faults(2, 2, 1) })
}

/// The same message twice on the queue: the provider posted it again after the queue forgot the first.
pub(super) fn posted_twice() -> System {
    ingest(&[unit(0, 0, 0), unit(0, 0, 0)], faults(1, 1, 1))
}

/// Two messages of one person, one after the other.
pub(super) fn two_messages() -> System {
    let mut system = ingest(&[unit(0, 0, 0), unit(1, 0, 0)], faults(2, 1, 0));
    known(&mut system.table, 0);
    system
}

/// The same, where a unit may be handed out again while its first receiver still works on it.
pub(super) fn two_messages_overlapping() -> System {
    System { faults: faults(1, 1, 1), ..two_messages() }
}

/// Three messages of somebody who has a ticket, which a batch counts at once: the last under an identity of its own where they are
/// not `together`.
pub(super) fn burst(together: bool) -> System {
    let mut system = ingest(&[unit(0, 0, 0), unit(1, 0, 0), unit(2, 0, 0)], faults(1, 1, u8::from(together)));
    with_ticket(&mut system.table, TicketState::New, None);
    if !together {
        system.units[2].group = 1;
    }
    system
}

/// Two people: their tickets take their numbers from one counter, in one block or in two.
pub(super) fn two_people() -> System {
    let mut system = ingest(&[unit(0, 0, 0), unit(1, 1, 0)], faults(1, 0, 1));
    known(&mut system.table, 0);
    known(&mut system.table, 1);
    system
}

/// Three people, for longer blocks.
pub(super) fn three_people() -> System {
    let mut system = ingest(&[unit(0, 0, 0), unit(1, 1, 0), unit(2, 2, 0)], faults(0, 1, 0));
    for person in 0..3 {
        known(&mut system.table, person);
    }
    system
}

/// One person, unknown, on two connections at once: one contact, two conversations, two tickets.
pub(super) fn two_connections() -> System {
    ingest(&[unit(0, 0, 0), unit(1, 0, 1)], Faults { stale_reads: 1, ..faults(1, 0, 0) })
}

/// One person under two identities that are both known: two groups of the queue, one conversation.
pub(super) fn two_identities() -> System {
    let mut system = two_messages();
    system.units[1].group = 1;
    system.faults = faults(1, 1, 0);
    system
}

/// Two agents claim one ticket.
pub(super) fn two_claims() -> System {
    let mut system = ingest(&[], faults(2, 2, 0));
    with_ticket(&mut system.table, TicketState::New, None);
    agents(&mut system.table, &[0, 0]);
    system.scripts = vec![script(0, 1, &[Command::Claim]), script(1, 1, &[Command::Claim])];
    system
}

/// One agent with room for one claims two tickets, while both people write again.
pub(super) fn two_tickets_one_place() -> System {
    let mut system = two_people();
    agents(&mut system.table, &[0]);
    system.scripts = vec![script(0, 1, &[Command::Claim]), script(0, 2, &[Command::Claim])];
    system.faults = faults(1, 0, 0);
    system
}

/// An agent resolves and closes its ticket while the contact writes twice.
pub(super) fn closing_and_messages(reopens: bool) -> System {
    let mut system = two_messages();
    with_ticket(&mut system.table, TicketState::InProgress, Some(0));
    agents(&mut system.table, &[1]);
    let close = [Command::Move(TicketState::Resolved), Command::Move(TicketState::Closed)];
    system.scripts = vec![script(0, 1, &close)];
    System { reopens, faults: faults(1, 1, 0), ..system }
}

/// An agent resolves its ticket and takes it up again while the contact writes twice.
pub(super) fn resolving_and_messages(reopens: bool) -> System {
    let mut system = closing_and_messages(reopens);
    system.scripts[0].commands[1] = Command::Move(TicketState::Reopened);
    system
}

/// An agent reopens a closed ticket while the contact writes.
pub(super) fn reopening_and_message(reopens: bool) -> System {
    let mut system = ingest(&[unit(0, 0, 0)], faults(1, 1, 1));
    with_ticket(&mut system.table, TicketState::Closed, None);
    agents(&mut system.table, &[0]);
    system.scripts = vec![script(0, 1, &[Command::Move(TicketState::Reopened)])];
    System { reopens, ..system }
}

/// An agent answers while a supervisor closes the ticket and the contact writes.
pub(super) fn answer_and_closing() -> System {
    let mut system = ingest(&[unit(0, 0, 0)], faults(1, 1, 0));
    with_ticket(&mut system.table, TicketState::Assigned, Some(0));
    agents(&mut system.table, &[1, 0]);
    let close = [Command::Move(TicketState::Resolved), Command::Move(TicketState::Closed)];
    system.scripts = vec![script(0, 1, &[Command::Reply]), script(1, 1, &close)];
    system
}

/// A ticket is claimed and answered as soon as it exists, perhaps before its conversation is written.
pub(super) fn answer_to_a_first_message() -> System {
    let mut system = ingest(&[unit(0, 0, 0)], faults(2, 1, 1));
    known(&mut system.table, 0);
    agents(&mut system.table, &[0]);
    system.scripts = vec![script(0, 1, &[Command::Claim, Command::Reply])];
    system
}

/// A ticket is cancelled as soon as it exists, perhaps before its conversation is written.
pub(super) fn cancelling_a_first_message() -> System {
    let mut system = ingest(&[unit(0, 0, 0), unit(1, 0, 0)], faults(1, 1, 0));
    known(&mut system.table, 0);
    agents(&mut system.table, &[0]);
    system.scripts = vec![script(0, 1, &[Command::Move(TicketState::Cancelled)])];
    system
}
